// Command pulumi-resource-command is Pulumi's command plugin with the one resource Holdfast uses,
// local.Command. Properties and behaviour are those of @pulumi/command, so that the official plugin
// can take over the same state.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/pulumi/pulumi-go-provider/infer"
)

// version is that of the npm package @pulumi/command this plugin stands in for.
const version = "1.2.1"

func main() {
	plugin, err := infer.NewProviderBuilder().WithResources(infer.Resource(Command{})).Build()
	if err == nil {
		err = plugin.Run(context.Background(), "command", version)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-command:", err)
		os.Exit(1)
	}
}
