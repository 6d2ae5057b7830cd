package trial

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/arrivals"
	"servebench/scenarios/credentials"
	"servebench/scenarios/decode"
	"servebench/scenarios/host"
	"servebench/scenarios/requests"
	"servebench/targets"
	"servebench/targets/image"
	"servebench/targets/protocol"
)

// variant is what has a trial in every round: a target of the scenario, or one of the two
// servers of an A/B test.
type variant struct {
	name     string              // in the record
	of       string              // the target's name in the scenario
	scenario *scenarios.Scenario // that it plays
	file     *scenarios.Scenario // that it comes from: with a sweep, other variants do as well
	kind     targets.Kind
	target   targets.Target
	program  string                   // in place of the first argument of the command line; "": none is
	move     func(path string) string // as Server.Move
	remote   bool                     // its server runs on other machines
	workload targets.Workload
	// credentials are what its server asks for.
	credentials targets.Credentials
	facts       []record.Fact // of its credentials, and of the program that is run
	requests    *requests.Requests
}

// variant returns the one of a name; the plan has no others.
func (s *session) variant(name string) *variant {
	i := slices.IndexFunc(s.variants, func(v *variant) bool { return v.name == name })
	return s.variants[i]
}

func (s *session) variantNames() []string {
	var names []string
	for _, v := range s.variants {
		names = append(names, v.name)
	}
	return names
}

func (s *session) targetEntry(name string) *record.Target {
	i := slices.IndexFunc(s.record.Targets, func(t record.Target) bool { return t.Name == name })
	return &s.record.Targets[i]
}

// prepare does everything that can fail before the first server is started:
// nothing of it leaves a trace.
func (s *session) prepare(ctx context.Context) error {
	if err := s.newRecord(); err != nil {
		return err
	}
	if err := s.openTargets(ctx); err != nil {
		return err
	}
	return s.prepareVariants(ctx)
}

func (s *session) newRecord() (err error) {
	sc := s.scenario
	if s.processes, err = sc.ArrivalProcesses(); err != nil {
		return err
	}
	s.record = &record.Run{
		Schema:      record.Schema,
		Created:     time.Now(),
		Version:     s.Version,
		Calibration: s.Calibration,
		Command:     s.Command,
		Environment: append(host.Facts(), httpFact(sc.HTTP)),
		Scenario: record.Scenario{
			Name:        sc.Name,
			Description: sc.Description,
			Seed:        sc.Seed,
			ColdStarts:  sc.ColdStarts,
			SLO:         sc.SLO,
			Cost:        sc.Cost,
			Overhead:    sc.Overhead,
			Faults:      sc.Faults,
			Scaling:     sc.Scaling,
			Monitor:     sc.Monitor,
			Drift:       plannedDrift(sc.Data.Drift),
			Retrain:     sc.Retrain.Record(),
			Requests:    record.Requests{Batch: sc.Data.Batch},
			Phases:      []record.Phase{},
			Dir:         sc.Dir,
			Variables:   s.secrets.Variables(),
		},
		Cells: []record.Cell{}, // a list in the file, also where there is no load
	}
	if len(sc.Load) > 0 {
		s.record.Scenario.Rounds = sc.Rounds
	}
	if sc.Template != nil {
		s.record.Scenario.Template = sc.Template.String()
	}
	for i, p := range sc.Load {
		s.record.Scenario.Phases = append(s.record.Scenario.Phases, plannedPhase(p, s.processes[i]))
	}
	return nil
}

// plannedDrift is a change of the examples as the record has it.
func plannedDrift(d *scenarios.Drift) *record.Drift {
	if d == nil {
		return nil
	}
	var changes []string
	if len(d.Concept) > 0 {
		changes = append(changes, "concept")
	}
	if len(d.Covariate) > 0 {
		changes = append(changes, "covariate")
	}
	return &record.Drift{Shape: d.Shape, Changes: strings.Join(changes, " and "), At: d.At, Width: d.Width, Period: d.Period}
}

func httpFact(h scenarios.HTTP) record.Fact {
	value := "version " + h.Version + ", carried by " + h.Client
	if !h.KeepAlive {
		value += ", a new connection for each request"
	}
	if h.ConnectionLifetime > 0 {
		value += ", connections used for up to " + decode.FormatDuration(h.ConnectionLifetime)
	}
	if r := h.Retries; r != nil {
		value += fmt.Sprintf(", up to %d attempts after %s, the second after %s", r.Attempts, strings.Join(r.On, ", "), decode.FormatDuration(r.Backoff))
	}
	if h.RetryNonIdempotent {
		value += ", requests that are not idempotent sent again like the others"
	}
	return record.Fact{Name: "HTTP", Value: value}
}

// plannedPhase is a phase as the record has it. process is that of the arrivals, nil in a
// closed loop.
func plannedPhase(p scenarios.Phase, process arrivals.Process) record.Phase {
	phase := record.Phase{
		Name: p.Name, Model: p.Model, Arrivals: p.Arrivals, Duration: p.Duration, Measured: p.Measure,
		Open: p.Concurrency == 0, Concurrency: p.Concurrency, Think: formatThink(p.Think),
		Injected: p.Inject,
	}
	weights := 0
	for _, c := range p.Mix {
		weights += c.Weight
	}
	for _, c := range p.Mix {
		phase.Mix = append(phase.Mix, record.Class{Name: c.Name, Model: c.Model, Batch: c.Batch, Share: float64(c.Weight) / float64(weights)})
	}
	if process == nil {
		return phase
	}
	shape := process.Shape()
	phase.Rate, phase.Duration, phase.Steps = shape.Rate, shape.Duration, shape.Steps
	return phase
}

func (s *session) plannedDuration(i int) time.Duration {
	return s.record.Phase(s.scenario.Load[i].Name).Duration
}

// formatThink says how long workers think: "10 ms, exponential", "" for not at all.
func formatThink(t *scenarios.Think) string {
	if t == nil {
		return ""
	}
	if t.Mean < time.Second {
		return fmt.Sprintf("%g ms, %s", float64(t.Mean)/float64(time.Millisecond), t.Distribution)
	}
	return fmt.Sprintf("%g s, %s", t.Mean.Seconds(), t.Distribution)
}

func (s *session) openTargets(ctx context.Context) error {
	var missing []error
	for _, p := range s.scenario.Deployed() {
		name := p.Target
		kind, ok := s.Catalogue.Target(name)
		if !ok {
			return fmt.Errorf("unknown target %q", name)
		}
		entry := record.Target{Name: name, Asked: s.Asked, Running: kind.Running, Point: p.Values}
		if p.Values != nil {
			entry.Of, entry.Retrain = p.Of, p.Scenario.Retrain.Record()
		}
		v := &variant{name: name, of: p.Of, scenario: p.Scenario, file: s.scenario, kind: kind}
		target, err := s.openTarget(ctx, v)
		var unavailable *targets.Unavailable
		var faults decode.Faults
		switch {
		case errors.As(err, &faults):
			return err
		case errors.As(err, &unavailable):
			entry.Unavailable = err.Error()
			missing = append(missing, fmt.Errorf("target %s is not available: %w", name, err))
		case err != nil:
			return fmt.Errorf("open target %s: %w", name, err)
		default:
			v.target = target
			s.variants = append(s.variants, v)
		}
		s.record.Targets = append(s.record.Targets, entry)
	}
	if len(s.variants) == 0 {
		return &NotAvailableError{errors.Join(missing...)}
	}
	for _, err := range missing {
		s.note("%v", err)
	}
	return nil
}

// openTarget opens the target of a variant if it can run here. An *Unavailable says that it
// cannot, a Faults that an option of it is wrong.
func (s *session) openTarget(ctx context.Context, v *variant) (targets.Target, error) {
	kind, sc := v.kind, v.scenario
	if kind.HTTP1 && sc.HTTP.Version == scenarios.HTTP2 {
		return nil, &targets.Unavailable{Why: fmt.Sprintf("it is asked over HTTP/1.1, and the scenario asks over HTTP/2 (protocol %s)", sc.Protocol)}
	}
	if err := kind.Available(ctx, sc.Options[kind.Name]); err != nil {
		return nil, err
	}
	if w := sc.Workload; kind.CheckImage != nil && (w.Image != "" || w.Build != "") {
		if err := kind.CheckImage(ctx); err != nil {
			return nil, err
		}
	}
	if err := s.roomFor(ctx, v); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(s.variants, func(other *variant) bool { return other.of == v.of }) {
		s.removeLeftovers(ctx, kind)
	}
	target, err := kind.Open(targets.Config{Options: sc.Options[kind.Name], Dir: os.TempDir()})
	var unavailable *targets.Unavailable
	option, ofOption := errors.AsType[*targets.OptionError](err)
	switch {
	case ofOption:
		target := decode.Element("targets", slices.Index(v.file.Targets, v.of))
		return nil, decode.Faults{sc.Source.Fault(v.of+"."+option.Option, option.Err.Error(), "", target)}
	case err != nil && !errors.As(err, &unavailable):
		return nil, decode.Faults{{Problem: err.Error()}} // which names the target and its option
	case err != nil:
		return nil, err
	}
	s.targets = append(s.targets, target)
	return target, nil
}

// roomFor finds a size that this machine cannot give: its figures would be those of a
// smaller one.
func (s *session) roomFor(ctx context.Context, v *variant) error {
	if v.scenario == v.file || v.kind.Running || v.kind.Remote != nil && v.kind.Remote(ctx, v.scenario.Options[v.kind.Name]) {
		return nil
	}
	cpus, err := host.CPUs()
	if wanted := v.scenario.Limits.WholeCPUs(); err == nil && wanted > len(host.Share(cpus, wanted).Target) {
		return &targets.Unavailable{Why: fmt.Sprintf("limits.cpus is %g, this machine has %d, and the load generator needs one", v.scenario.Limits.CPUs, len(cpus))}
	}
	return err
}

// removeLeftovers removes what a killed servebench left on the target, which would disturb
// this run. What cannot be removed is no reason not to run.
func (s *session) removeLeftovers(ctx context.Context, kind targets.Kind) {
	removed, err := kind.Sweep(ctx)
	for _, thing := range removed {
		s.note("removed what a killed servebench left: %s", thing)
	}
	if err != nil {
		s.note("remove what a killed servebench left on %s: %v", kind.Name, err)
	}
}

func (s *session) prepareVariants(ctx context.Context) error {
	if err := s.openCredentials(ctx); err != nil {
		return err
	}
	if err := s.divideCPUs(ctx); err != nil {
		return err
	}
	proto, ok := scenarios.Named(s.Catalogue.Protocols, s.scenario.Protocol, func(k protocol.Kind) string { return k.Name })
	if !ok {
		return fmt.Errorf("unknown protocol %q", s.scenario.Protocol)
	}
	// Where it fails there is no store, and who needs one says so.
	s.images, _ = image.Use(ctx)
	for _, v := range s.variants {
		if err := s.prepareWorkload(ctx, v, proto); err != nil {
			return err
		}
		facts, err := s.programFacts(v)
		if err != nil {
			return err
		}
		v.facts = append(v.facts, record.Fact{Name: "protocol", Value: fmt.Sprintf("%s over HTTP/%s", proto.Name, v.scenario.HTTP.Version)})
		v.facts = append(v.facts, facts...)
	}
	if started := s.started(); started != nil {
		s.record.Scenario.Server = started.scenario.ServerName(started.workload.ImageDigest)
	}
	if !s.secrets.Empty() {
		s.record.Redact = s.secrets.Redact
	}
	return s.prepareRequests(proto)
}

// started is a variant whose server is started, as those of all others are that start one;
// nil where there is none, and in an A/B test, whose variants differ.
func (s *session) started() *variant {
	i := slices.IndexFunc(s.variants, func(v *variant) bool { return !v.kind.Running })
	if i < 0 || s.record.AB != nil {
		return nil
	}
	return s.variants[i]
}

// openCredentials finds what the servers of the variants ask their clients for.
func (s *session) openCredentials(ctx context.Context) (err error) {
	for i, v := range s.variants {
		if i > 0 && v.file == s.variants[0].file {
			v.credentials, v.facts = s.variants[0].credentials, slices.Clone(s.variants[0].facts)
			continue
		}
		if v.credentials, v.facts, err = credentials.Open(ctx, v.scenario, s.secrets); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) divideCPUs(ctx context.Context) error {
	cpus, err := host.CPUs()
	if err != nil {
		return err
	}
	if s.openFiles, err = host.OpenFiles(); err != nil {
		return err
	}
	s.addEnvironment(record.Fact{Name: "open files limit", Value: fmt.Sprint(s.openFiles)})
	wanted := 0
	for _, v := range s.variants {
		if v.remote = v.kind.Remote != nil && v.kind.Remote(ctx, v.scenario.Options[v.kind.Name]); !v.remote {
			wanted = max(wanted, v.scenario.Limits.WholeCPUs())
		}
	}
	s.split = host.Share(cpus, wanted)
	if len(s.split.Target) < wanted {
		s.addEnvironment(record.Fact{
			Name: "limits.cpus", Value: fmt.Sprintf("%d, where the scenario asks for %d: this machine has %d, and the generator needs one", len(s.split.Target), wanted, len(cpus)), Unequal: true,
		})
	}
	return nil
}

func faultKinds(all []record.Injection) (kinds []string) {
	for _, f := range all {
		kinds = append(kinds, f.Kind)
	}
	return kinds
}

// cpusOfAll is how many CPUs all replicas of a variant may use together; 0: not known.
func cpusOfAll(v *variant) float64 {
	w := v.workload
	switch {
	case v.kind.Running, w.Scaling.Varies() && v.remote:
		return 0
	case w.Scaling.Max > 1 && v.remote:
		return float64(w.Scaling.Min) * w.Limits.CPUs
	case w.Scaling.Max > 1:
		return float64(len(w.CPUSet)) // which they share
	}
	return w.Limits.CPUs
}

// cpusFor are the CPUs of this machine for a variant's server, none where it runs elsewhere,
// and as how many it may use.
func (s *session) cpusFor(v *variant) (set []int, cpus float64) {
	limits := v.scenario.Limits
	if v.remote {
		return nil, limits.CPUs
	}
	set = s.split.Target[:min(limits.WholeCPUs(), len(s.split.Target))]
	return set, min(limits.CPUs, float64(len(set)))
}

// prepareWorkload works out the server that a variant runs and the CPUs for it, and finds
// out before the run whether the user's own server is there.
func (s *session) prepareWorkload(ctx context.Context, v *variant, proto protocol.Kind) error {
	if err := findTrainer(v.scenario); err != nil {
		return err
	}
	w, template := v.scenario.Workload, v.scenario.Template
	limits := v.scenario.Limits
	cpuset, cpus := s.cpusFor(v)
	v.workload = targets.Workload{
		Command: w.Command, Dir: v.scenario.Dir, Image: w.Image, Build: w.Build, Files: w.Files, Port: w.Port, Env: w.Env, Model: w.Model, Ready: cmp.Or(w.Ready, proto.Ready),
		AnyAnswer:    template != nil && w.Ready == template.ReadyPath() || proto.AnyAnswer && w.Ready == proto.Ready,
		StartTimeout: w.StartTimeout,
		HTTP2:        v.scenario.HTTP.Version == scenarios.HTTP2,
		Restart:      w.Restart,
		Faults:       faultKinds(v.scenario.Faults),
		CPUSet:       cpuset,
		Limits:       targets.Limits{CPUs: cpus, Memory: limits.Memory},
	}
	if scaling := v.scenario.Scaling; scaling != nil && v.kind.Scales {
		v.workload.Scaling = *scaling
	} else if scaling != nil && scaling.Max > 1 {
		v.facts = append(v.facts, record.Fact{Name: record.FactScaling, Value: singleReplica(v.kind, *scaling), Unequal: true})
	}
	entry := s.targetEntry(v.name)
	entry.CPUs = cpusOfAll(v)
	if v.kind.Running { // then nobody needs to have it
		return nil
	}
	entry.Memory = int64(limits.Memory)
	reference := w.Server == scenarios.ReferenceServer
	if reference {
		var err error
		v.workload.Bootstrap = true
		if w.ModelFile != "" {
			v.workload.Files = []string{w.ModelFile}
		}
		if v.workload.Command, err = s.Reference.Command(v.scenario); err != nil {
			return err
		}
	}
	if v.program != "" && w.Image == "" && w.Build == "" {
		v.workload.Command = append([]string{v.program}, v.workload.Command[1:]...)
	}
	if v.move != nil {
		v.workload.Dir, v.workload.Files = v.move(v.workload.Dir), slices.Clone(w.Files)
		for i, file := range w.Files {
			v.workload.Files[i] = v.move(file)
		}
	}
	bundled := w.Image == "" && w.Build == "" && v.kind.Bundles != nil && v.kind.Bundles(v.scenario.Options[v.kind.Name])
	for _, other := range s.variants {
		own := other.scenario.Workload
		same := w.Image == own.Image && w.Build == own.Build && (w.Image != "" || w.Build != "") ||
			bundled && v.file == other.file && v.program == other.program
		if same && other.workload.ImageDigest != "" {
			v.workload.Image, v.workload.Build, v.workload.ImageDigest = other.workload.Image, "", other.workload.ImageDigest
			return nil
		}
	}
	if reference && w.ModelFile == "" {
		return nil
	}
	if !reference {
		var err error
		if v.workload, err = OwnServer(ctx, v.scenario, v.workload, s.note); err != nil {
			return err
		}
	}
	if bundled { // the target says what is wrong with it
		v.workload, _ = resolveImage(ctx, v.scenario, v.workload, s.note)
		return context.Cause(ctx)
	}
	if v.workload.Image == "" {
		return nil
	}
	return s.hideSecretsOf(ctx, v.workload)
}

// singleReplica says that a target does not scale as the scenario asks for.
func singleReplica(kind targets.Kind, scaling record.Scaling) string {
	if kind.Running {
		return fmt.Sprintf("as many replicas as run already, where the scenario asks for up to %d", scaling.Max)
	}
	return fmt.Sprintf("1 replica, where the scenario asks for up to %d: the target does not scale", scaling.Max)
}

// OwnServer finds out whether the user's own server is there, and pins its image, so that
// every trial of a run has exactly this one. A Faults says what is wrong in the scenario, a
// NotAvailableError that something is missing here. note is told what takes long.
func OwnServer(ctx context.Context, sc *scenarios.Scenario, w targets.Workload, note func(string, ...any)) (targets.Workload, error) {
	if w.Image != "" || w.Build != "" {
		return resolveImage(ctx, sc, w, note)
	}
	var faults decode.Faults
	if _, err := w.Executable(); err != nil {
		faults = append(faults, sc.Source.Fault("workload.command", err.Error(), "a program that can be run here"))
	}
	for i, file := range w.Files {
		if _, err := os.Stat(file); err != nil {
			faults = append(faults, sc.Source.Fault(decode.Element("workload.files", i), err.Error(), "a file or folder of this machine"))
		}
	}
	if len(faults) > 0 {
		return w, faults
	}
	return w, nil
}

// tellAfter is how long the user waits without a word.
const tellAfter = 2 * time.Second

func resolveImage(ctx context.Context, sc *scenarios.Scenario, w targets.Workload, note func(string, ...any)) (targets.Workload, error) {
	what := "the image " + w.Image + " is being fetched"
	switch {
	case w.Build != "":
		what = "the image is being built from " + w.Build
	case w.Image == "":
		what = "an image is being made of the command and its files"
	}
	var resolved targets.Workload
	var err error
	var notes []string
	done := make(chan struct{})
	go func() {
		resolved, err = image.Resolve(ctx, w, func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) })
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(tellAfter):
		note("%s", what)
		<-done
	}
	for _, text := range notes {
		note("%s", text)
	}
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return w, cause
	}
	if _, missing := errors.AsType[*targets.Unavailable](err); missing {
		return w, &NotAvailableError{err}
	}
	if err != nil {
		field := "workload.image"
		if w.Build != "" {
			field = "workload.build"
		}
		return w, decode.Faults{sc.Source.Fault(field, err.Error(), "an image that this machine can run")}
	}
	return resolved, nil
}

// hideSecretsOf keeps what an image has of secrets out of all that is written, as what the
// scenario has: its server may print them.
func (s *session) hideSecretsOf(ctx context.Context, w targets.Workload) error {
	img, err := image.Open(ctx, w)
	if err == nil {
		scenarios.HideImage(s.secrets, img.Config.Env, slices.Concat(img.Config.Entrypoint, img.Config.Cmd))
	}
	return err
}
