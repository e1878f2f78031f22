package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"k8s.io/klog/v2"
)

// rootLock marks a folder as a hollow node's, so that no other one is ever emptied, and is locked while in use.
const rootLock = "hollow-node.lock"

// removeTimeout leaves most of the second that a hollow node may take to exit.
const removeTimeout = 500 * time.Millisecond

// stateRoot is the folder that everything the kubelets write is below.
type stateRoot struct {
	dir  string
	lock *os.File
}

// claimRoot creates the folder, or empties the one that a killed process left.
func claimRoot(dir string) (*stateRoot, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("--root: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("--root: %w", err)
	}
	lockFile := filepath.Join(dir, rootLock)
	if _, err := os.Stat(lockFile); errors.Is(err, fs.ErrNotExist) && len(entries) > 0 {
		return nil, fmt.Errorf("--root %s: has files that are not a hollow node's", dir)
	}
	lock, err := os.OpenFile(lockFile, os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return nil, fmt.Errorf("--root: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, fmt.Errorf("--root %s: in use by another hollow node: %w", dir, err)
	}
	for _, entry := range entries {
		if entry.Name() == rootLock {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			lock.Close()
			return nil, fmt.Errorf("--root: %w", err)
		}
	}
	return &stateRoot{dir: dir, lock: lock}, nil
}

// remove repeats itself, since the kubelets, which cannot be stopped, go on writing until the process ends.
func (r *stateRoot) remove() {
	defer r.lock.Close()
	var err error
	for deadline := time.Now().Add(removeTimeout); time.Now().Before(deadline); time.Sleep(removeTimeout / 50) {
		if err = os.RemoveAll(r.dir); err == nil {
			return
		}
	}
	klog.ErrorS(err, "Failed to remove the state folder", "path", r.dir)
}
