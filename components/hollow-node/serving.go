package main

import (
	"crypto/tls"
	"fmt"

	certutil "k8s.io/client-go/util/cert"
	cliflag "k8s.io/component-base/cli/flag"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
)

// servingTLSConfig is what the configuration asks of the kubelet's TLS server, without a certificate.
func servingTLSConfig(c *kubeletconfig.KubeletConfiguration) (*tls.Config, error) {
	minVersion, err := cliflag.TLSVersion(c.TLSMinVersion)
	if err != nil {
		return nil, fmt.Errorf("tlsMinVersion: %w", err)
	}
	cipherSuites, err := cliflag.TLSCipherSuites(c.TLSCipherSuites)
	if err != nil {
		return nil, fmt.Errorf("tlsCipherSuites: %w", err)
	}
	curvePreferences, err := cliflag.TLSCurvePreferences(c.TLSCurvePreferences)
	if err != nil {
		return nil, fmt.Errorf("tlsCurvePreferences: %w", err)
	}
	return &tls.Config{MinVersion: minVersion, CipherSuites: cipherSuites, CurvePreferences: curvePreferences}, nil
}

// selfSignedCertificate serves all nodes: making a key for each takes longer than the rest of a node's start.
func selfSignedCertificate() (tls.Certificate, error) {
	cert, key, err := certutil.GenerateSelfSignedCertKey("hollow-node", nil, nil)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(cert, key)
}
