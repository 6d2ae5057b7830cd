package scenarios

import "time"

// workloads are mappings that name the server in at most one way; whether one is
// needed is for validate to check.
func workloads() kind[Workload] {
	return mappings("server: reference, or a command, or an image", workloadRows())
}

func workloadRows() []row[Workload] {
	return []row[Workload]{
		may("server", leftOut(choice("server", []string{ReferenceServer}), isEmpty), none, func(w *Workload) *string { return &w.Server },
			"The inference server that comes with servebench."),
		otherwise("model", absent(words("a model's name")), "no model, as with protocol: template", func(w *Workload) *string { return &w.Model },
			"The model to ask, by its name on the server. With the reference server, answers are checked against what the same model says offline."),
		may("command", leftOut(commands(), isNil), none,
			func(w *Workload) *[]string { return &w.Command },
			"Your own server's command line. {host} and {port} stand for the address to listen on, which the environment also holds as HOST and PORT. With a slash in it, the path of the executable is relative to the scenario file. On physical the server runs in the folder of the scenario file, elsewhere in the root folder, as in an image, where other paths have to be absolute. Its whole environment is PATH (the usual folders, led by that of a command that was found elsewhere), HOME (/), HOST, PORT, GOMAXPROCS and workload.env, the same on every target."),
		may("image", leftOut(images(), isEmpty), none, func(w *Workload) *string { return &w.Image },
			"Your own server's container image, by reference or by the path of a tarball (relative to the scenario file), for the targets that run images. Without it, they make one from command."),
		may("env", list("list of texts", "a list of KEY=VALUE", 0, variables()), "[]", func(w *Workload) *[]string { return &w.Env },
			"Further environment variables of the server, as KEY=VALUE, in which {host} and {port} are replaced as in command. ${NAME} is the value of a variable of servebench's own environment, here as in every value: PATH=/opt/bin:${PATH}. Of a variable whose name says that it is secret (API_KEY, HF_TOKEN), a keyed hash is recorded, and what came from ${NAME} is not recorded at all."),
		otherwise("ready", paths(), "the protocol's own, or the path of the template", func(w *Workload) *string { return &w.Ready },
			"The path that answers with a status of 2xx as soon as the server is ready."),
		may("start_timeout", durations(), "60s", func(w *Workload) *time.Duration { return &w.StartTimeout },
			"How long the server may take from being started to being ready."),
		clockRow(),
		may("delay", leftOut(durations(), isNoTime), none, func(w *Workload) *time.Duration { return &w.Delay },
			"How much later the reference server answers every request: a regression on purpose, to try a gate with. It is a minimum: what a wait costs the server comes on top, some tens of microseconds."),
	}
}

func isEmpty(s string) bool    { return s == "" }
func isNil(list []string) bool { return list == nil }

func isNoTime(d time.Duration) bool { return d == 0 }
