package main

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// startAll starts so many containers, one a millisecond, and returns when each of them ran.
func startAll(ctx context.Context, starts *containerStarts, count int) []time.Duration {
	begin := time.Now()
	ran := make([]time.Duration, count)
	for i := range count {
		go func() {
			if starts.wait(ctx) == nil {
				ran[i] = time.Since(begin).Round(time.Second)
			}
		}()
		time.Sleep(time.Millisecond)
	}
	time.Sleep(time.Hour)
	synctest.Wait()
	return ran
}

func TestContainersStartSoManyAtATimeInTheirOrder(t *testing.T) {
	for _, test := range []struct {
		parallel int
		want     []time.Duration
	}{
		{0, []time.Duration{10, 10, 10, 10, 10}},
		{1, []time.Duration{10, 20, 30, 40, 50}},
		{2, []time.Duration{10, 10, 20, 20, 30}},
		{9, []time.Duration{10, 10, 10, 10, 10}},
	} {
		synctest.Test(t, func(t *testing.T) {
			ran := startAll(t.Context(), newContainerStarts(10*time.Second, test.parallel), len(test.want))
			for i := range test.want {
				test.want[i] *= time.Second
			}
			if !slices.Equal(ran, test.want) {
				t.Errorf("%d at a time: ran after %v, want %v", test.parallel, ran, test.want)
			}
		})
	}
}

// As Kubelet.SyncPod makes them: the context of a pod's worker, which ends when the pod is deleted, and the one that the runtime is given.
func podContexts(t *testing.T) (runtime context.Context, deletePod context.CancelFunc) {
	pod, deletePod := context.WithCancel(t.Context())
	traced, span := deletionTracing{}.Tracer("kubelet").Start(pod, syncPodSpan)
	t.Cleanup(func() { span.End() })
	return context.WithoutCancel(traced), deletePod
}

func TestNoContainerOfADeletedPodStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		starts := newContainerStarts(10*time.Second, 1)
		begin := time.Now()
		go starts.wait(t.Context())
		synctest.Wait()

		ctx, deletePod := podContexts(t)
		result := make(chan error)
		go func() { result <- starts.wait(ctx) }()
		time.Sleep(time.Second)
		deletePod()
		if err := <-result; !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		if took := time.Since(begin); took != time.Second {
			t.Errorf("waited for %v after the pod was deleted", took-time.Second)
		}
		for _, parallel := range []int{0, 1} {
			if err := newContainerStarts(10*time.Second, parallel).wait(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("begins after the deletion, %d at a time: error %v", parallel, err)
			}
		}
		// Its turn goes to the next one.
		if err := starts.wait(t.Context()); err != nil || time.Since(begin) != 20*time.Second {
			t.Errorf("the next one ran after %v, error %v", time.Since(begin), err)
		}
	})
}

func TestAStartThatHasBegunGoesToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		starts := newContainerStarts(10*time.Second, 1)
		ctx, deletePod := podContexts(t)
		begin := time.Now()
		time.AfterFunc(time.Second, deletePod)
		if err := starts.wait(ctx); err != nil || time.Since(begin) != 10*time.Second {
			t.Errorf("ran after %v, error %v", time.Since(begin), err)
		}
	})
}
