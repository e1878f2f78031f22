package main

import (
	"errors"
	"reflect"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // rest_client_*, such as the rate limiter's waits
	_ "k8s.io/component-base/metrics/prometheus/version"
)

// A kubelet registers collectors of its own (volume statistics, container logs) with the two process-wide registries, which
// panic at those of the second kubelet. They are thus served for the first node only; counters and histograms are process-wide.

// tolerantRegistry ignores collectors it already has.
type tolerantRegistry struct{ metrics.PromRegistry }

func (r tolerantRegistry) MustRegister(collectors ...prometheus.Collector) {
	registerOnce(r.PromRegistry, collectors)
}

// tolerantRegisterer is tolerantRegistry for Prometheus' default registerer, which cannot unregister or gather.
type tolerantRegisterer struct{ prometheus.Registerer }

func (r tolerantRegisterer) MustRegister(collectors ...prometheus.Collector) {
	registerOnce(r.Registerer, collectors)
}

func registerOnce(registerer prometheus.Registerer, collectors []prometheus.Collector) {
	for _, c := range collectors {
		if err := registerer.Register(c); err != nil && !errors.As(err, new(prometheus.AlreadyRegisteredError)) {
			panic(err)
		}
	}
}

// tolerateDuplicateCollectors wraps the registry inside legacyregistry, which nothing but reflection can replace.
func tolerateDuplicateCollectors() {
	registry := reflect.ValueOf(legacyregistry.DefaultGatherer).Elem().FieldByName("PromRegistry")
	wrapped := metrics.PromRegistry(tolerantRegistry{registry.Interface().(metrics.PromRegistry)})
	registry.Set(reflect.ValueOf(wrapped))
	prometheus.DefaultRegisterer = tolerantRegisterer{prometheus.DefaultRegisterer}
}
