package main

import (
	"testing"

	"holdfast/toolchain/internal/sdknames"
)

func TestNamesAreThoseOfTheSDK(t *testing.T) {
	sdknames.Check(t, provider(), sdknames.Interfaces(t, "@pulumi/docker"))
}
