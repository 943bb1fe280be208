// Package shim opens Terraform's random provider, which lives in an `internal` package, to the
// plugin in cmd/.
package shim

import (
	framework "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/terraform-providers/terraform-provider-random/internal/provider"
)

// New returns the provider's resources (plugin framework).
func New() framework.Provider { return provider.New() }
