// Command pulumi-resource-docker is Pulumi's docker plugin: Terraform's docker provider behind
// Pulumi's bridge. Tokens and property names are those of @pulumi/docker, so that the official
// plugin can take over the same state.
package main

import (
	"fmt"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/terraform-providers/terraform-provider-docker/shim"
)

// version is that of the npm package @pulumi/docker this plugin stands in for.
const version = "5.2.0"

func main() {
	// The engine asks for the schema only to generate code, so its header is enough.
	schema := fmt.Sprintf(`{"name":"docker","version":%q}`, version)
	tfbridge.Main("docker", version, provider(), []byte(schema))
}

// provider maps the four resources Holdfast uses; the rest (Swarm, registries, data sources) is left
// out.
func provider() tfbridge.ProviderInfo {
	info := tfbridge.ProviderInfo{
		P:            shimv2.NewProvider(shim.New(version)),
		Name:         "docker",
		Version:      version,
		MetadataInfo: tfbridge.NewProviderMetadata(nil),
		Config: map[string]*tfbridge.SchemaInfo{
			"host": {Default: &tfbridge.DefaultInfo{
				EnvVars: []string{"DOCKER_HOST"},
				Value:   "unix:///var/run/docker.sock",
			}},
			"registry_auth": {Name: "registryAuth", MaxItemsOne: tfbridge.False()},
		},
		Resources: map[string]*tfbridge.ResourceInfo{
			"docker_container": {
				Tok:                 "docker:index/container:Container",
				DeleteBeforeReplace: true, // names and ports are taken while the old one lives
				Fields: map[string]*tfbridge.SchemaInfo{
					"command":           {Name: "command"}, // a list, and yet one command: no plural
					"networks_advanced": {Name: "networksAdvanced"},
				},
			},
			"docker_image": {
				Tok:    "docker:index/remoteImage:RemoteImage",
				Fields: map[string]*tfbridge.SchemaInfo{"name": {Name: "name"}}, // an image's name is never generated
			},
			"docker_network": {Tok: "docker:index/network:Network"},
			"docker_volume":  {Tok: "docker:index/volume:Volume"},
		},
	}
	info.SetAutonaming(255, "-")
	return info
}
