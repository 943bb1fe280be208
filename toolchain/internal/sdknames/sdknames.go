// Package sdknames compares the property names of a bridged plugin with those of the npm package it
// stands in for: a name that differs would be dropped without a word, and the official plugin would
// see a difference in the state.
package sdknames

import (
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
)

// Interfaces reads the `export interface` blocks of every .d.ts file of an npm package: interface to
// property names. It skips the test where the repository's npm packages are not installed.
func Interfaces(t *testing.T, npmPackage string) map[string][]string {
	t.Helper()
	folder := filepath.Join("..", "..", "..", "node_modules", npmPackage)
	if given := os.Getenv("NODE_MODULES"); given != "" {
		folder = filepath.Join(given, npmPackage)
	}
	if _, err := os.Stat(folder); err != nil {
		t.Skipf("%s is not installed: type `npm ci` in the repository's root", npmPackage)
	}
	block := regexp.MustCompile(`(?ms)^\s*export interface (\w+)(?: extends \w+)? \{\n(.*?)^\s*\}$`)
	property := regexp.MustCompile(`(?m)^ +(\w+)\??: `)
	found := map[string][]string{}
	for _, pattern := range []string{"*.d.ts", "types/input.d.ts", "local/*.d.ts"} {
		files, _ := filepath.Glob(filepath.Join(folder, pattern))
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, match := range block.FindAllStringSubmatch(string(text), -1) {
				names := []string{}
				for _, name := range property.FindAllStringSubmatch(match[2], -1) {
					names = append(names, name[1])
				}
				sort.Strings(names)
				found[match[1]] = names
			}
		}
	}
	return found
}

// Check compares every mapped resource with its <Resource>Args, and every block in it with the SDK's
// input type.
func Check(t *testing.T, info tfbridge.ProviderInfo, interfaces map[string][]string) {
	t.Helper()
	for name, resource := range info.Resources {
		class := resource.Tok.Name().String()
		c := check{t: t, interfaces: interfaces}
		c.object(class, class+"Args", info.P.ResourcesMap().Get(name).Schema(), resource.Fields)
	}
}

type check struct {
	t          *testing.T
	interfaces map[string][]string
}

func (c check) object(prefix, name string, schemas shim.SchemaMap, fields map[string]*tfbridge.SchemaInfo) {
	want, known := c.interfaces[name]
	if !known {
		c.t.Errorf("the SDK has no interface %s", name)
		return
	}
	got := []string{}
	schemas.Range(func(key string, schema shim.Schema) bool {
		// A block's `id` is in the SDK's types even where it is an output only.
		if schema.Optional() || schema.Required() || (key == "id" && prefix == name) {
			got = append(got, tfbridge.TerraformToPulumiNameV2(key, schemas, fields))
		}
		if nested, ok := schema.Elem().(shim.Resource); ok && (schema.Optional() || schema.Required()) {
			block := c.block(prefix + camel(key))
			c.object(block, block, nested.Schema(), nil)
		}
		return true
	})
	sort.Strings(got)
	if strings.Join(got, " ") != strings.Join(want, " ") {
		c.t.Errorf("%s differs\n  plugin: %v\n  SDK:    %v", name, got, want)
	}
}

// block finds the SDK's type for a nested block: a list's type is named for one element.
func (c check) block(name string) string {
	for _, candidate := range []string{name, strings.TrimSuffix(name, "s")} {
		if _, known := c.interfaces[candidate]; known {
			return candidate
		}
	}
	return name
}

func camel(name string) string {
	parts := strings.Split(name, "_")
	for i, part := range parts {
		parts[i] = strings.ToUpper(part[:1]) + part[1:]
	}
	return strings.Join(parts, "")
}
