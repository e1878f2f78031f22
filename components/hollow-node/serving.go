package main

import (
	"crypto/tls"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	certutil "k8s.io/client-go/util/cert"
	cliflag "k8s.io/component-base/cli/flag"
	kubeletapp "k8s.io/kubernetes/cmd/kubelet/app"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
	"k8s.io/kubernetes/pkg/kubelet/server"
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
	curvePreferences, err := tlsCurvePreferences(c)
	if err != nil {
		return nil, fmt.Errorf("tlsCurvePreferences: %w", err)
	}
	return &tls.Config{MinVersion: minVersion, CipherSuites: cipherSuites, CurvePreferences: curvePreferences}, nil
}

// askForCertificates does not demand one, as the kubelet does not: a client may come with a token instead.
func askForCertificates(served *tls.Config, clientCAFile string) (err error) {
	if clientCAFile == "" {
		return nil
	}
	if served.ClientCAs, err = certutil.NewPool(clientCAFile); err != nil {
		return fmt.Errorf("--serving-client-ca-file: %w", err)
	}
	served.ClientAuth = tls.RequestClientCert
	return nil
}

// admitClients decides who may ask the kubelets. On a network it is, as for real kubelets, whom the apiserver authorizes, be it
// with a certificate of this CA or a token. Without one it is everybody: nobody can log in to a hollow node, and /metrics and
// /configz hold nothing secret.
func admitClients(c *kubeletconfig.KubeletConfiguration, clientCAFile string) {
	if clientCAFile == "" {
		c.Authentication = kubeletconfig.KubeletAuthentication{Anonymous: kubeletconfig.KubeletAnonymousAuthentication{Enabled: true}}
		c.Authorization = kubeletconfig.KubeletAuthorization{Mode: kubeletconfig.KubeletAuthorizationModeAlwaysAllow}
		return
	}
	c.Authentication.Anonymous.Enabled = false
	c.Authentication.Webhook.Enabled = true
	c.Authentication.X509.ClientCAFile = clientCAFile
	c.Authorization.Mode = kubeletconfig.KubeletAuthorizationModeWebhook
}

// kubeletAuth asks the apiserver as the node itself, with the client of its pod work, as a real kubelet does; nil when nobody is to
// be asked. The CA is not read again when it changes: that would take an inotify instance per node.
func (h *hollowNodes) kubeletAuth(nodeName string, clients *nodeClients, c *kubeletconfig.KubeletConfiguration) (server.AuthInterface, error) {
	if h.servingClientCAFile == "" {
		return nil, nil
	}
	auth, _, err := kubeletapp.BuildAuth(types.NodeName(nodeName), clients.kube, *c)
	return auth, err
}

// selfSignedCertificate serves all nodes: making a key for each takes longer than the rest of a node's start.
func selfSignedCertificate() (tls.Certificate, error) {
	cert, key, err := certutil.GenerateSelfSignedCertKey("hollow-node", nil, nil)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(cert, key)
}
