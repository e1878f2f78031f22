//go:build !kubernetes1.34

package main

import (
	"context"

	v1 "k8s.io/api/core/v1"
)

// AddPod starts no probe workers: nothing listens at the pods' addresses.
func (probeless) AddPod(context.Context, *v1.Pod) {}
