// Command etcd tells what can be set of etcd.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"regexp"
	"strings"

	"go.etcd.io/etcd/api/v3/version"
	"go.etcd.io/etcd/pkg/v3/featuregate"
	"go.etcd.io/etcd/server/v3/embed"

	"scale-test/components/describe"
)

// deprecated is how the usage of a flag says so; those of experimental ones do not always.
var deprecated = regexp.MustCompile(`^Deprecated|\. Deprecated|It's deprecated`)

// applied are defaults that `etcd --help` states, because what the flags have means only that they are not set.
var applied = map[string]string{
	"backend-bbolt-freelist-type":    "map",
	"compaction-batch-limit":         "1000",
	"data-dir":                       "${name}.etcd",
	"warning-unary-request-duration": "300ms",
	"watch-progress-notify-interval": "10m0s",
}

func main() {
	config := embed.NewConfig()
	fs := flag.NewFlagSet("etcd", flag.ContinueOnError)
	config.AddFlags(fs)
	// What etcdmain adds, in newConfig, which cannot be called from here.
	fs.String("config-file", "", "")
	fs.String("discovery-fallback", "exit", "")
	fs.String("initial-cluster-state", embed.ClusterStateFlagNew, "")
	fs.String("v2-deprecation", "write-only", "Deprecated and ignored")

	c := describe.Component{Version: version.Version, Flags: map[string]describe.Flag{}, FeatureGates: map[string]describe.Gate{}}
	fs.VisitAll(func(f *flag.Flag) {
		c.Flags[f.Name] = describe.Flag{
			Type:       typeOf(f.Value),
			Default:    cmp.Or(applied[f.Name], f.DefValue),
			Deprecated: deprecated.MatchString(f.Usage) || strings.HasPrefix(f.Name, "experimental-"),
		}
	})
	for name, spec := range config.ServerFeatureGate.(featuregate.MutableFeatureGate).GetAll() {
		c.FeatureGates[string(name)] = describe.Gate{Default: spec.Default, Stage: describe.Stage(string(spec.PreRelease)), Locked: spec.LockToDefault}
	}
	describe.Print(c)
}

// typeOf names a type of flags as Kubernetes does. Go's flags do not say theirs.
func typeOf(value flag.Value) string {
	name := fmt.Sprintf("%T", value)
	name = strings.TrimSuffix(name[strings.LastIndex(name, ".")+1:], "Value")
	switch name {
	case "Strings", "UniqueStrings":
		return "strings"
	case "UniqueURLs":
		return "urls"
	case "featureGate":
		return "mapStringBool"
	}
	return strings.ToLower(name)
}
