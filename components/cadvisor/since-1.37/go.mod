module scale-test/components/cadvisor

go 1.26.0

require github.com/google/cadvisor/lib v0.60.5
