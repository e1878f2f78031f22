//go:build kubernetes1.34 || kubernetes1.35

package main

import (
	"crypto/tls"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/record"
	"k8s.io/component-base/configz"
	"k8s.io/component-base/featuregate"
	"k8s.io/kubernetes/pkg/kubelet"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
	"k8s.io/kubernetes/pkg/kubelet/server"
)

// eventRecorder is what kubelet.Dependencies have.
type eventRecorder = record.EventRecorder

// applyMetricsFeatureGates has nothing to pass on: the first gate of the metrics, for native histograms, came with 1.36.
func applyMetricsFeatureGates(featuregate.FeatureGate) {}

func setConfigz(c *configz.Config, value runtime.Object) error {
	c.Set(value)
	return nil
}

// setTLSConfig names no files: the certificate is in the configuration already.
func setTLSConfig(d *kubelet.Dependencies, c *tls.Config) {
	d.TLSOptions = &server.TLSOptions{Config: c}
}

// tlsCurvePreferences are Go's own: the field came with 1.36.
func tlsCurvePreferences(*kubeletconfig.KubeletConfiguration) ([]tls.CurveID, error) {
	return nil, nil
}
