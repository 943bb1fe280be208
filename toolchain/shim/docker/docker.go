// Package shim opens Terraform's docker provider, which lives in an `internal` package, to the
// plugin in cmd/.
package shim

import (
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

// New returns the provider's resources (SDK v2).
func New(version string) *schema.Provider { return provider.New(version)() }
