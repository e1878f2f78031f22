module scale-test/components/cadvisor

go 1.26.0

require github.com/google/cadvisor v0.52.1
