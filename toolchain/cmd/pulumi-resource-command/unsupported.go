package main

import p "github.com/pulumi/pulumi-go-provider"

// unsupported names what the official plugin does and this one does not: a clear refusal, not a
// silent difference.
func unsupported(args Args) []p.CheckFailure {
	var failures []p.CheckFailure
	refuse := func(property string, given *[]string) {
		if given != nil {
			failures = append(failures, p.CheckFailure{
				Property: property,
				Reason:   "this build of the command plugin returns no files; print them to stdout, or use Pulumi's official plugin",
			})
		}
	}
	refuse("assetPaths", args.AssetPaths)
	refuse("archivePaths", args.ArchivePaths)
	return failures
}
