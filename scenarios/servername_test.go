package scenarios

import "testing"

func TestServerName(t *testing.T) {
	const digest = "sha256:1b7a0c2d3e4f5a6b7c8d9e0f"
	for _, tt := range []struct {
		workload     Workload
		load         []Phase
		digest, want string
	}{
		{Workload{Server: ReferenceServer, Model: "credit"}, nil, "", "reference server, model credit"},
		{Workload{Server: ReferenceServer, Model: "credit"}, []Phase{{Model: "noop"}, {Model: "credit"}}, "", "reference server, models credit, noop"},
		{Workload{Image: "scorer:1.4", Model: "fraud"}, nil, digest, "image scorer:1.4 (sha256:1b7a0c2d3e4f), model fraud"},
		{Workload{Build: "/src/app"}, []Phase{{}}, digest, "image built from /src/app (sha256:1b7a0c2d3e4f)"},
		{Workload{Image: "scorer:1.4", Command: []string{"/serve", "--fast"}}, nil, digest, "image scorer:1.4 (sha256:1b7a0c2d3e4f) command /serve --fast"},
		{Workload{Command: []string{"./server", "--port", "{port}"}}, nil, "", "command ./server --port {port}"},
		{Workload{Command: []string{"uvicorn", "app:app"}}, nil, digest, "(sha256:1b7a0c2d3e4f) command uvicorn app:app"},
	} {
		s := Scenario{Workload: tt.workload, Load: tt.load}
		if got := s.ServerName(tt.digest); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.workload, got, tt.want)
		}
	}
}
