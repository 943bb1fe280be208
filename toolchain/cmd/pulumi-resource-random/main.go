// Command pulumi-resource-random is Pulumi's random plugin: Terraform's random provider behind
// Pulumi's bridge. Tokens and property names are those of @pulumi/random, so that the official
// plugin can take over the same state.
package main

import (
	"context"
	"fmt"

	pf "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/terraform-providers/terraform-provider-random/shim"
)

// version is that of the npm package @pulumi/random this plugin stands in for.
const version = "4.21.2"

func main() {
	// The engine asks for the schema only to generate code, so its header is enough.
	schema := fmt.Sprintf(`{"name":"random","version":%q}`, version)
	pf.Main(context.Background(), "random", provider(), pf.ProviderMetadata{PackageSchema: []byte(schema)})
}

func provider() tfbridge.ProviderInfo {
	info := tfbridge.ProviderInfo{
		P:            pf.ShimProvider(shim.New()),
		Name:         "random",
		Version:      version,
		MetadataInfo: tfbridge.NewProviderMetadata(nil),
		Resources: map[string]*tfbridge.ResourceInfo{
			// RandomBytes has no `id` of its own: its value stands in.
			"random_bytes": {ComputeID: bytesID},
		},
		EnableAccurateBridgePreview: true,
		EnableRawStateDelta:         true,
	}
	// random_password becomes random:index/randomPassword:RandomPassword, and so on for all of them.
	info.MustComputeTokens(tokens.SingleModule("random_", "index", func(module, name string) (string, error) {
		return tokens.MakeStandard("random")(module, "Random"+name)
	}))
	return info
}

func bytesID(_ context.Context, state resource.PropertyMap) (resource.ID, error) {
	value := state["base64"]
	if value.IsSecret() { // ids cannot be secret
		value = value.SecretValue().Element
	}
	if !value.IsString() {
		return "", fmt.Errorf("random_bytes: its state has no string `base64` to make the id from")
	}
	return resource.ID(value.StringValue()), nil
}
