// Package describe tells what can be set of a component: its flags, feature gates and configuration. Each component has a
// program of its own below, because gates are registered, and their defaults changed, by what is linked into a program.
package describe

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/component-base/featuregate"
	"k8s.io/component-base/logs"
	logsapi "k8s.io/component-base/logs/api/v1"
)

// Component is what can be set of one component.
type Component struct {
	Version      string           `json:"version,omitempty"`
	Flags        map[string]Flag  `json:"flags,omitempty"`
	FeatureGates map[string]Gate  `json:"featureGates,omitempty"`
	Config       map[string]Field `json:"config,omitempty"`
}

// Flag is one flag of the command line, with the default as it would be written there.
type Flag struct {
	Type       string `json:"type"`
	Default    string `json:"default"`
	Deprecated bool   `json:"deprecated,omitempty"`
}

// Gate is one feature gate, at the version that the program is built from.
type Gate struct {
	Default bool `json:"default"`
	// Stage is ALPHA, BETA, GA or DEPRECATED.
	Stage  string `json:"stage"`
	Locked bool   `json:"locked,omitempty"`
}

// Field is one field of a configuration file. Its default is omitted when it is empty, or is not known before the component runs.
type Field struct {
	Type    string          `json:"type"`
	Default json.RawMessage `json:"default,omitempty"`
}

// Print writes a component to standard output.
func Print(c Component) {
	if err := json.NewEncoder(os.Stdout).Encode(c); err != nil {
		panic(err)
	}
}

// Flags are those of a command, hidden ones too, as it has them when cli.Run starts it.
// Some are deprecated only by their own words.
func Flags(cmd *cobra.Command) map[string]Flag {
	cmd.SetGlobalNormalizationFunc(cliflag.WordSepNormalizeFunc)
	logs.AddFlags(cmd.PersistentFlags())
	flags := map[string]Flag{}
	add := func(f *pflag.Flag) {
		if f.Name == "help" || f.Name == "version" {
			return
		}
		flags[f.Name] = Flag{
			Type:       f.Value.Type(),
			Default:    f.DefValue,
			Deprecated: f.Deprecated != "" || strings.HasPrefix(strings.ToLower(f.Usage), "deprecated"),
		}
	}
	cmd.Flags().VisitAll(add)
	cmd.PersistentFlags().VisitAll(add)
	return flags
}

// Gates are all that are known to a registry.
func Gates(registry featuregate.MutableFeatureGate) map[string]Gate {
	gates := map[string]Gate{}
	for name, spec := range registry.GetAll() {
		gates[string(name)] = Gate{Default: spec.Default, Stage: Stage(string(spec.PreRelease)), Locked: spec.LockToDefault}
	}
	return gates
}

// Stage names the stage of a gate: for general availability, Kubernetes has no text.
func Stage(prerelease string) string {
	if prerelease == "" {
		return "GA"
	}
	return prerelease
}

// Config are the fields of a configuration with its defaults set: nested ones have dotted names.
func Config(defaulted runtime.Object) map[string]Field {
	fields := map[string]Field{}
	addFields(fields, "", reflect.ValueOf(defaulted).Elem())
	delete(fields, "apiVersion")
	delete(fields, "kind")
	return fields
}

// leaves are types that JSON has in a form of their own.
var leaves = map[reflect.Type]string{
	reflect.TypeFor[metav1.Duration]():            "duration",
	reflect.TypeFor[logsapi.TimeOrMetaDuration](): "duration",
	reflect.TypeFor[resource.Quantity]():          "quantity",
	reflect.TypeFor[resource.QuantityValue]():     "quantity",
}

func addFields(fields map[string]Field, prefix string, value reflect.Value) {
	for i := range value.NumField() {
		field := value.Type().Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !field.IsExported() || name == "-" {
			continue
		}
		if name == "" && (field.Anonymous || options == "inline") {
			addFields(fields, prefix, value.Field(i))
			continue
		}
		if name == "" {
			name = field.Name
		}
		addField(fields, prefix+name, value.Field(i))
	}
}

func addField(fields map[string]Field, name string, value reflect.Value) {
	isSet := true
	if value.Kind() == reflect.Pointer {
		if isSet = !value.IsNil(); !isSet {
			value = reflect.New(value.Type().Elem())
		}
		value = value.Elem()
	}
	kind, isLeaf := leaves[value.Type()]
	if !isLeaf {
		switch value.Kind() {
		case reflect.Struct:
			addFields(fields, name+".", value)
			return
		case reflect.Slice:
			kind = "list"
			// Lists of objects, such as a scheduler's profiles, are too long to be of use.
			isSet = value.Len() > 0 && value.Type().Elem().Kind() != reflect.Struct
		case reflect.Map:
			kind, isSet = "map", value.Len() > 0
		default:
			kind = value.Kind().String()
		}
	}
	field := Field{Type: kind}
	if isSet && !(value.Kind() == reflect.String && value.Len() == 0) {
		text, err := json.Marshal(value.Interface())
		if err != nil {
			panic(err)
		}
		field.Default = text
	}
	fields[name] = field
}
