package main

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"holdfast/toolchain/internal/sdknames"
)

func TestNamesAreThoseOfTheSDK(t *testing.T) {
	want := sdknames.Interfaces(t, "@pulumi/command")["CommandArgs"]
	got := []string{}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Args]()) {
		got = append(got, strings.TrimSuffix(field.Tag.Get("pulumi"), ",optional"))
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("CommandArgs differs\n  plugin: %v\n  SDK:    %v", got, want)
	}
}
