package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	_ "k8s.io/component-base/logs/json/register" // logging.format: json
	kubeletconfigv1beta1 "k8s.io/kubelet/config/v1beta1"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
	kubeletscheme "k8s.io/kubernetes/pkg/kubelet/apis/config/scheme"
	"k8s.io/kubernetes/pkg/kubelet/apis/config/validation"
	"k8s.io/kubernetes/pkg/kubelet/eviction"
	"k8s.io/kubernetes/pkg/kubelet/logs"
	"sigs.k8s.io/yaml"
)

var kubeletScheme, kubeletCodecs, errKubeletScheme = kubeletscheme.NewSchemeAndCodecs(serializer.EnableStrict)

func init() {
	utilruntime.Must(errKubeletScheme)
}

// loadKubeletConfiguration merges the files, later over earlier, and defaults what none of them sets: in this order, since
// some defaults depend on what was set (an explicit nodeStatusUpdateFrequency is also the nodeStatusReportFrequency).
// The kubelet's own loader is no help: it falls back to a lenient decoder, so that a misspelt field tests nothing.
func loadKubeletConfiguration(files []string) (*kubeletconfig.KubeletConfiguration, error) {
	merged, err := json.Marshal(onlyField("", nil))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		overlay, err := readOverlay(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if merged, err = jsonpatch.MergePatch(merged, overlay); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	c, err := completeKubeletConfiguration(merged)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.Join(files, ","), err)
	}
	return c, nil
}

// readOverlay returns the file as JSON that is known to decode.
func readOverlay(file string) ([]byte, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	overlay, err := yaml.YAMLToJSONStrict(data)
	if err != nil {
		return nil, err
	}
	if _, err := decodeStrict(overlay); err != nil {
		return nil, blameFields(overlay, err)
	}
	return overlay, nil
}

// decodeStrict neither defaults nor converts.
func decodeStrict(data []byte) (*kubeletconfigv1beta1.KubeletConfiguration, error) {
	obj, gvk, err := kubeletCodecs.UniversalDeserializer().Decode(data, nil, nil)
	if err != nil {
		return nil, err
	}
	c, ok := obj.(*kubeletconfigv1beta1.KubeletConfiguration)
	if !ok {
		return nil, fmt.Errorf("is a %s, not a KubeletConfiguration", gvk.Kind)
	}
	return c, nil
}

// blameFields names the fields that fail on their own: the decoder's error does not when a type such as a duration
// decodes itself. What is wrong with the object as a whole stays as it is.
func blameFields(overlay []byte, whole error) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(overlay, &fields); err != nil {
		return whole
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		alone, err := json.Marshal(onlyField(name, fields[name]))
		if err != nil {
			return whole
		}
		if _, err := decodeStrict(alone); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	if len(errs) == 0 {
		return whole
	}
	return utilerrors.NewAggregate(errs)
}

// onlyField is a KubeletConfiguration with at most one field.
func onlyField(name string, value json.RawMessage) map[string]any {
	c := map[string]any{
		"apiVersion": kubeletconfigv1beta1.SchemeGroupVersion.String(),
		"kind":       "KubeletConfiguration",
	}
	if _, ok := c[name]; !ok && name != "" {
		c[name] = value
	}
	return c
}

func completeKubeletConfiguration(merged []byte) (*kubeletconfig.KubeletConfiguration, error) {
	versioned, err := decodeStrict(merged)
	if err != nil {
		return nil, err
	}
	// Defaulting panics on a wrong feature gate.
	if err := utilfeature.DefaultMutableFeatureGate.DeepCopy().SetFromMap(versioned.FeatureGates); err != nil {
		return nil, fmt.Errorf("featureGates: %w", err)
	}
	kubeletScheme.Default(versioned)
	c := &kubeletconfig.KubeletConfiguration{}
	if err := kubeletScheme.Convert(versioned, c, nil); err != nil {
		return nil, err
	}
	// The machine's cgroups do not matter to a hollow node, but validation looks at them.
	c.FailCgroupV1 = false
	c.SingleProcessOOMKill = nil
	if err := validateKubeletConfiguration(c); err != nil {
		return nil, err
	}
	detachFromMachine(c)
	return c, nil
}

// validateKubeletConfiguration adds to the kubelet's validation what the kubelet finds only while it starts.
func validateKubeletConfiguration(c *kubeletconfig.KubeletConfiguration) error {
	if err := validation.ValidateKubeletConfiguration(c, utilfeature.DefaultFeatureGate); err != nil {
		return err
	}
	if _, err := eviction.ParseThresholdConfig(nil, c.EvictionHard, nil, nil, c.EvictionMinimumReclaim); err != nil {
		return fmt.Errorf("evictionHard, evictionMinimumReclaim: %w", err)
	}
	if _, err := eviction.ParseThresholdConfig(nil, nil, c.EvictionSoft, c.EvictionSoftGracePeriod, nil); err != nil {
		return fmt.Errorf("evictionSoft, evictionSoftGracePeriod: %w", err)
	}
	if _, err := logs.NewContainerLogManager(nil, nil, c.ContainerLogMaxSize, int(c.ContainerLogMaxFiles), int(c.ContainerLogMaxWorkers), c.ContainerLogMonitorInterval); err != nil {
		return fmt.Errorf("containerLogMaxSize: %w", err)
	}
	if _, err := nodeAllocatableReservation(c); err != nil {
		return err
	}
	if _, err := servingTLSConfig(c); err != nil {
		return err
	}
	switch c.ConfigMapAndSecretChangeDetectionStrategy {
	case kubeletconfig.WatchChangeDetectionStrategy, kubeletconfig.TTLCacheChangeDetectionStrategy, kubeletconfig.GetChangeDetectionStrategy:
	default:
		return fmt.Errorf("configMapAndSecretChangeDetectionStrategy: unknown value %q", c.ConfigMapAndSecretChangeDetectionStrategy)
	}
	for _, period := range []struct {
		field string
		value metav1.Duration
	}{
		{"syncFrequency", c.SyncFrequency},
		{"nodeStatusUpdateFrequency", c.NodeStatusUpdateFrequency},
		{"nodeStatusReportFrequency", c.NodeStatusReportFrequency},
	} {
		if period.value.Duration <= 0 {
			return fmt.Errorf("%s: %v is not positive", period.field, period.value.Duration)
		}
	}
	return nil
}

// detachFromMachine overrides what would reach for the machine below, or for a port or a file that all nodes would share.
// Everything else is left to the kubelet. /configz shows the result.
func detachFromMachine(c *kubeletconfig.KubeletConfiguration) {
	c.StaticPodPath = ""
	c.StaticPodURL = ""
	c.StaticPodURLHeader = nil
	c.ResolverConfig = ""

	c.CgroupRoot = ""
	c.CgroupsPerQOS = false
	c.KubeletCgroups = ""
	c.SystemCgroups = ""
	c.EnforceNodeAllocatable = nil
	c.MakeIPTablesUtilChains = false

	// A hollow node uses nothing up.
	c.EvictionHard = nil
	c.EvictionSoft = nil
	c.EvictionSoftGracePeriod = nil
	c.EvictionMinimumReclaim = nil

	// Inhibits the shutdown of the machine.
	c.ShutdownGracePeriod.Duration = 0
	c.ShutdownGracePeriodCriticalPods.Duration = 0
	c.ShutdownGracePeriodByPodPriority = nil

	// Who may ask is admitClients' matter; the machine's logs are not a hollow node's.
	c.Authentication.X509.ClientCAFile = ""
	c.EnableSystemLogHandler = false
	c.EnableSystemLogQuery = false
	c.ReadOnlyPort = 0
	c.HealthzPort = 0

	// Client and serving certificates are made in this process.
	c.RotateCertificates = false
	c.ServerTLSBootstrap = false
	c.TLSCertFile = ""
	c.TLSPrivateKeyFile = ""

	// Without a DNS server each pod costs an extra event.
	if len(c.ClusterDNS) == 0 {
		c.ClusterDNS = []string{"10.96.0.10"}
	}
}
