//go:build !kubernetes1.34 && !kubernetes1.35

package main

import (
	"crypto/tls"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/record"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/component-base/configz"
	"k8s.io/component-base/featuregate"
	metricsfeatures "k8s.io/component-base/metrics/features"
	"k8s.io/kubernetes/pkg/kubelet"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
)

// What the libraries of Kubernetes offer since 1.36; before_1.36.go does the same with what they had before.

// eventRecorder is what kubelet.Dependencies have.
type eventRecorder = record.EventRecorderLogger

func applyMetricsFeatureGates(gates featuregate.FeatureGate) {
	metricsfeatures.ApplyFeatureGates(gates)
}

func setConfigz(c *configz.Config, value runtime.Object) error {
	return c.Set(value)
}

func setTLSConfig(d *kubelet.Dependencies, c *tls.Config) {
	d.TLSConfig = c
}

func tlsCurvePreferences(c *kubeletconfig.KubeletConfiguration) ([]tls.CurveID, error) {
	return cliflag.TLSCurvePreferences(c.TLSCurvePreferences)
}
