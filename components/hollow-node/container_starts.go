package main

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// containerStarts are the starts of containers on one node: each takes a time, and where there is no room for one more, containers wait, first
// come, first served.
type containerStarts struct {
	time time.Duration
	// room has a place for each start that may be under way; nil where any number may.
	room chan struct{}
}

// newContainerStarts lets any number be under way where parallel is 0.
func newContainerStarts(time time.Duration, parallel int) *containerStarts {
	starts := &containerStarts{time: time}
	if parallel > 0 {
		starts.room = make(chan struct{}, parallel)
	}
	return starts
}

// wait returns when a container has started, or ctx ends. One whose pod is deleted before its turn comes does not start; one that has begun goes
// on to its end, as the kubelet wants it (Kubelet.SyncPod).
func (s *containerStarts) wait(ctx context.Context) error {
	if s.time <= 0 {
		return nil
	}
	deleted := podDeletion(ctx)
	if err := deleted.Err(); err != nil {
		return err
	}
	if s.room != nil {
		// Senders to a channel are served in the order in which they came.
		select {
		case s.room <- struct{}{}:
		case <-deleted.Done():
			return deleted.Err()
		case <-ctx.Done():
			return ctx.Err()
		}
		defer func() { <-s.room }()
	}
	timer := time.NewTimer(s.time)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// syncPodSpan is what Kubelet.SyncPod calls the part of a trace that it is.
const syncPodSpan = "syncPod"

type podDeletionKey struct{}

// podDeletion is a context that ends when the pod is deleted that the kubelet starts a container of with ctx.
func podDeletion(ctx context.Context) context.Context {
	if deletion, ok := ctx.Value(podDeletionKey{}).(context.Context); ok {
		return deletion
	}
	return ctx
}

// deletionTracing traces nothing. It keeps the context that Kubelet.SyncPod is given, which ends when the pod is deleted, among the values of
// the one that the runtime is given, from which the kubelet takes its end (context.WithoutCancel).
type deletionTracing struct {
	noop.TracerProvider
}

func (deletionTracing) Tracer(string, ...trace.TracerOption) trace.Tracer {
	return deletionTracer{}
}

type deletionTracer struct {
	noop.Tracer
}

func (t deletionTracer) Start(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	if name == syncPodSpan {
		ctx = context.WithValue(ctx, podDeletionKey{}, ctx)
	}
	return t.Tracer.Start(ctx, name, options...)
}
