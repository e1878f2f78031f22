package main

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

// kubeletCollector is made anew by every kubelet, as the collectors of volume statistics and container logs are.
type kubeletCollector struct {
	metrics.BaseStableCollector
	desc *metrics.Desc
}

func newKubeletCollector(labels ...string) *kubeletCollector {
	return &kubeletCollector{desc: metrics.NewDesc("test_kubelet_stat", "A statistic.", labels, nil, metrics.ALPHA, "")}
}

func (c *kubeletCollector) DescribeWithStability(ch chan<- *metrics.Desc) { ch <- c.desc }

func (c *kubeletCollector) CollectWithStability(ch chan<- metrics.Metric) {
	ch <- metrics.NewLazyConstMetric(c.desc, metrics.GaugeValue, 1)
}

func TestSecondKubeletRegistersItsCollectors(t *testing.T) {
	tolerateDuplicateCollectors()
	legacyregistry.CustomMustRegister(newKubeletCollector())
	legacyregistry.CustomMustRegister(newKubeletCollector())

	families, err := legacyregistry.DefaultGatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == "test_kubelet_stat" {
			if got := len(family.GetMetric()); got != 1 {
				t.Errorf("served %d times", got)
			}
			return
		}
	}
	t.Error("not served")
}

func TestConflictingCollectorsStillPanic(t *testing.T) {
	registry := tolerantRegistry{prometheus.NewRegistry()}
	opts := prometheus.GaugeOpts{Name: "test_conflict", Help: "A gauge."}
	registry.MustRegister(prometheus.NewGauge(opts))
	registry.MustRegister(prometheus.NewGauge(opts))
	defer func() {
		if recover() == nil {
			t.Error("a metric with other labels was ignored")
		}
	}()
	registry.MustRegister(prometheus.NewGaugeVec(opts, []string{"label"}))
}

func TestClientMetricsAreRegistered(t *testing.T) {
	// Registered, but without samples: a second registration under the name fails.
	duplicate := prometheus.NewGauge(prometheus.GaugeOpts{Name: "rest_client_rate_limiter_duration_seconds", Help: "Another help."})
	if err := legacyregistry.Registerer().Register(duplicate); err == nil {
		t.Error("rest_client_rate_limiter_duration_seconds is missing")
	}
}
