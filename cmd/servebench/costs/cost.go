// Package costs is the commands of servebench that answer what it costs to serve: what
// places charge (prices), what some traffic costs at each of them (cost), and which one to
// take (advise). A run is given the prices that a limit on its cost is judged by.
package costs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"servebench/cmd/cli"
	"servebench/cmd/servebench/option"
	"servebench/cmd/servebench/recorded"
	"servebench/reports"
	"servebench/reports/analysis"
	"servebench/reports/analysis/compare"
	"servebench/reports/analysis/cost"
	"servebench/reports/analysis/cost/traffic"
	"servebench/reports/document"
	"servebench/reports/document/sentence"
	"servebench/reports/figures"
	"servebench/reports/figures/budget"
	"servebench/reports/figures/chart"
	"servebench/reports/format"
	"servebench/reports/html"
	jsonreport "servebench/reports/json"
	"servebench/reports/markdown"
	"servebench/reports/record"
	"servebench/reports/record/userfile"
	"servebench/reports/text"
	"servebench/scenarios/arrivals"
	"servebench/scenarios/decode"
	"servebench/scenarios/recording"

	"github.com/spf13/cobra"
)

// costOptions are the flags of what prices capacities.
type costOptions struct {
	traffic    string
	files      []string
	places     []string
	unbalanced bool
	cost.Options
	output  *option.OneOf
	formats *option.SomeOf[costFormat]
	out     string
}

func CostCommand() *cobra.Command {
	opts := newCostOptions()
	cmd := &cobra.Command{
		Use:   "cost RUN... --traffic SHAPE|FILE",
		Short: "Work out what it costs a month to serve some traffic at the SLO",
		Long: `Work out what it costs to serve some traffic with the servers whose capacity was measured
(servebench capacity), at places whose prices are known: how many units run at each hour,
what a month and a million requests cost, and where the traffic cannot be served. RUN is
the folder of a run of servebench capacity; several have to be of the same requests and
the same slo.

--traffic is a shape, a trace of times of arrival, or an access log of Apache or nginx:
` + shapesHelp() + `The rate is the mean, and a peak is so many times the mean. A file is taken to be one cycle
that repeats.

Without --place, the cheapest fitting place of each service of each provider is priced.
Prices come with servebench, each with its date and source (servebench prices); those of
--prices replace or add to them. The interval of a cost is that of the measurement.

` + costExitHelp,
		Example: `  servebench cost runs/20261130-101530-capacity-a1b2 --traffic daily:50/s,peak=3x
  servebench cost runs/*capacity* --traffic access.log --place aws/us-east-1/ec2/c7i.large
  servebench cost RUN --traffic constant:1e6/day --redundancy 0 -o json | jq '.estimates[0].usd_month'`,
		Args: cli.Arguments(1, -1),
		RunE: func(cmd *cobra.Command, dirs []string) error {
			costs, _, err := opts.read(cmd, dirs)
			if err != nil {
				return err
			}
			err = opts.write(cmd, priced{
				name: "cost", document: document.Costs(costs), figures: budget.Costs(costs),
				json: func(w io.Writer) error { return jsonreport.WriteCosts(w, costs) },
			})
			if err == nil && len(costs.Priced()) == 0 {
				return cli.Fail(cli.Inconclusive, errors.New("no place can serve this traffic with what was measured; the table says why"))
			}
			return cli.Fail(cli.Runtime, err)
		},
	}
	opts.addFlags(cmd)
	return cmd
}

// costExitHelp is exitHelp in the words of costs.
const costExitHelp = `Exit codes:
  0    priced
  1    a run cannot be read, or a report not be written
  11   no place can serve the traffic
  13   the runs are not of the same requests and the same slo
  64   a mistake in the command line, the traffic or the prices
`

func shapesHelp() string {
	var b strings.Builder
	for _, s := range traffic.Shapes() {
		fmt.Fprintf(&b, "  %-32s %s\n", s.Example, s.Doc)
	}
	return b.String()
}

func newCostOptions() *costOptions {
	return &costOptions{
		Options: cost.Defaults(), output: option.NewOneOf("text", "json", "markdown"),
		formats: &option.SomeOf[costFormat]{All: costFormats(), NameOf: func(f costFormat) string { return f.name }},
	}
}

func (o *costOptions) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&o.traffic, "traffic", "", "the traffic: a shape such as daily:50/s,peak=3x, or a `file`")
	flags.StringArrayVar(&o.files, "prices", nil, "file with prices that replace or add to those of servebench")
	flags.StringSliceVar(&o.places, "place", nil, "`IDs` of places to price instead of the usual ones, as servebench prices lists them")
	flags.StringVar(&o.Region, "region", o.Region, "where your users are: a service is priced in this region, or elsewhere if it has no price there")
	flags.IntVar(&o.Redundancy, "redundancy", o.Redundancy, "units beside those that the traffic needs")
	flags.Var((*share)(&o.Headroom), "headroom", "part of the capacity that stays free, from 0 to below 1, as 0.3 or 30%")
	flags.DurationVar(&o.ScaleLag, "scale-lag", o.ScaleLag, "time that it takes to add a unit")
	flags.IntVar(&o.MinUnits, "min-units", o.MinUnits, "units that run at any time, at least")
	flags.BoolVar(&o.unbalanced, "no-load-balancer", false, "pay for no load balancer")
	flags.Float64Var(&o.PerConnection, "requests-per-connection", o.PerConnection, "requests over one connection, for the load balancer")
	flags.Float64Var(&o.AnswerBytes, "answer-bytes", 0, "length of an answer, instead of what was measured")
	flags.DurationVar(&o.Eviction, "eviction", o.Eviction, "time without requests after which a function or a container on request is ended")
	flags.IntVar(&o.Concurrency, "concurrency", o.Concurrency, "environments of functions that the account may have at the same time")
	flags.VarP(o.output, "output", "o", "print as")
	flags.VarP(o.formats, "format", "f", "reports to write as well: "+o.formats.Known())
	flags.StringVar(&o.out, "out", ".", "folder for these reports")
}

// share is a flag value: a part of something, 0.3 for "0.3" and "30%".
type share float64

func (s *share) String() string { return strconv.FormatFloat(float64(*s), 'g', -1, 64) }
func (s *share) Type() string   { return "part" }

// Set takes any number; check says whether it makes sense.
func (s *share) Set(text string) error {
	digits, percent := strings.CutSuffix(text, "%")
	v, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return errors.New("want a part from 0 to below 1, such as 0.3 or 30%")
	}
	if percent {
		v /= 100
	}
	*s = share(v)
	return nil
}

// read reads all that costs are made from, and the analyses of the runs. Every fault of the
// command line is told.
func (o *costOptions) read(cmd *cobra.Command, dirs []string) (*cost.Costs, []*analysis.Analysis, error) {
	now := time.Now()
	o.LoadBalancer = !o.unbalanced
	faults := []error{o.check()}
	curve, err := readTraffic(cmd, o.traffic)
	faults = append(faults, err)
	table, err := priceTable(cmd.Context(), o.files, now)
	faults = append(faults, err)
	var places []cost.Place
	if err == nil {
		places, err = choosePlaces(table, o.Region, o.places, func(key string, _ int, problem, want string) decode.Fault {
			return decode.Fault{Field: "--" + key, Problem: problem, Want: want}
		})
		faults = append(faults, err)
	}
	var all []*analysis.Analysis
	for _, dir := range dirs {
		a, err := recorded.Analyse(dir)
		if err == nil && a.Run.Capacity == nil {
			err = cli.Fail(cli.Usage, fmt.Errorf("%s: it is no search for a capacity; want the folder of a run of servebench capacity", dir))
		}
		all, faults = append(all, a), append(faults, err)
	}
	if err := cli.Worst(faults...); err != nil {
		return nil, nil, cli.Fail(cli.Usage, err)
	}
	if err := onceEach(all); err != nil {
		return nil, nil, cli.Fail(cli.Usage, err)
	}
	if err := sameQuestion(all); err != nil {
		return nil, nil, cli.Fail(cli.NotComparable, err)
	}
	var measured []cost.Measured
	for _, a := range all {
		measured = append(measured, cost.Of(a.Set, a.Capacity, a.Diagnostics)...)
	}
	return cost.New(measured, places, curve, o.Options, table, now), all, nil
}

// check finds flags that make no sense.
func (o *costOptions) check() error {
	var faults decode.Faults
	for _, f := range []struct {
		wrong               bool
		flag, problem, want string
	}{
		{o.Redundancy < 0 || o.Redundancy > 1e6, "--redundancy", fmt.Sprintf("%d units", o.Redundancy), "0 or more"},
		{!(o.Headroom >= 0 && o.Headroom < 1), "--headroom", fmt.Sprintf("%g of the capacity", o.Headroom), "a part from 0 to below 1, such as 0.3 or 30%"},
		{o.ScaleLag < 0, "--scale-lag", o.ScaleLag.String(), "a time of 0s or more"},
		{o.MinUnits < 0 || o.MinUnits > 1e6, "--min-units", fmt.Sprintf("%d units", o.MinUnits), "0 or more"},
		{!(o.PerConnection >= 1 && o.PerConnection < 1e12), "--requests-per-connection", fmt.Sprintf("%g", o.PerConnection), "1 or more"},
		{!(o.AnswerBytes >= 0 && o.AnswerBytes < 1e12), "--answer-bytes", fmt.Sprintf("%g bytes", o.AnswerBytes), "0 or more"},
		{o.Eviction < 0, "--eviction", o.Eviction.String(), "a time of 0s or more"},
		{o.Concurrency < 1, "--concurrency", fmt.Sprintf("%d environments", o.Concurrency), "1 or more"},
	} {
		if f.wrong {
			faults = append(faults, decode.Fault{Field: f.flag, Problem: f.problem, Want: f.want})
		}
	}
	if faults == nil {
		return nil
	}
	return faults
}

// readTraffic reads a shape, or a file of arrivals.
func readTraffic(cmd *cobra.Command, from string) (traffic.Curve, error) {
	_, err := os.Stat(from)
	switch {
	case from == "":
		return traffic.Curve{}, fmt.Errorf("--traffic is missing; want a shape such as daily:50/s,peak=3x, or a file with times of arrival")
	case traffic.IsShape(from), err != nil && strings.Contains(from, ":"):
		c, err := traffic.Parse(from)
		if err != nil {
			err = fmt.Errorf("--traffic: %w", err)
		}
		return c, err
	}
	times, left, isLog, err := recording.Times(from)
	if err == nil && !isLog {
		times, err = traceTimes(from)
	}
	if err != nil {
		return traffic.Curve{}, fmt.Errorf("--traffic: %w", err)
	}
	if left > 0 {
		cli.Say(cmd.ErrOrStderr(), "servebench", fmt.Sprintf("%s: left out %s without a request", from, format.Plural(left, "line")))
	}
	c, err := traffic.FromTimes(from, times)
	if err != nil {
		err = fmt.Errorf("--traffic: %w", err)
	}
	return c, err
}

// traceTimes reads a trace of times of arrival.
func traceTimes(path string) ([]time.Duration, error) {
	file, err := userfile.Open(path, userfile.NoLimit)
	if err != nil {
		return nil, decode.Faults{(*decode.Source)(nil).FileFault("", path, err, "a trace of arrivals or an access log")}
	}
	defer file.Close()
	times, err := arrivals.ParseTimes(file)
	if err != nil {
		err = fmt.Errorf("%s is neither a trace of times of arrival nor an access log: %w", path, err)
	}
	return times, err
}

// onceEach refuses a run that is given twice.
func onceEach(all []*analysis.Analysis) error {
	var faults []error
	for i, a := range all {
		if k := slices.IndexFunc(all[:i], func(b *analysis.Analysis) bool { return b.Run.ID == a.Run.ID }); k >= 0 {
			faults = append(faults, fmt.Errorf("%s and %s are the same run, %s; give it once", all[k].Run.Dir, a.Run.Dir, a.Run.ID))
		}
	}
	return errors.Join(faults...)
}

// sameQuestion refuses runs that asked other requests, or held another SLO.
func sameQuestion(all []*analysis.Analysis) error {
	var faults []error
	for _, a := range all[1:] {
		base := all[0]
		if !reflect.DeepEqual(held(a), held(base)) {
			faults = append(faults, fmt.Errorf("%s and %s: the slo differs, so that their capacities are of different questions", base.Run.Dir, a.Run.Dir))
		}
		differences := compare.Runs(base, a, []string{compare.Invalid, compare.Load, compare.Seed, compare.Limits, compare.Machine, compare.Target}).Differences
		for _, d := range differences {
			if d.Fatal && !d.Allowed {
				was, is := sentence.DifferenceValues(d)
				faults = append(faults, fmt.Errorf("%s and %s: %s differs (%s): %s → %s", base.Run.Dir, a.Run.Dir, d.Kind, strings.TrimLeft(d.Where+", "+d.What, ", "), was, is))
			}
		}
	}
	return errors.Join(faults...)
}

// held are the limits that a search held its rates to: slo.capacity and slo.cost_per_million judge
// what it found.
func held(a *analysis.Analysis) record.SLO {
	slo := a.SLO
	slo.Capacity, slo.CostPerMillion = 0, 0
	return slo
}

// priced is a report that is made from costs.
type priced struct {
	name     string // of its files
	document *document.Document
	figures  []figures.Figure
	json     func(io.Writer) error
}

// costFormat is a format in which a report of costs is written as a file.
type costFormat struct {
	name  string
	write func(p priced, write reports.Write) error
}

func costFormats() []costFormat {
	file := func(extension string, content func(io.Writer, priced) error) func(priced, reports.Write) error {
		return func(p priced, write reports.Write) error {
			return write(p.name+extension, func(w io.Writer) error { return content(w, p) })
		}
	}
	return []costFormat{
		{"html", file(".html", func(w io.Writer, p priced) error { return html.WriteDocument(w, p.document, p.figures) })},
		{"json", file(".json", func(w io.Writer, p priced) error { return p.json(w) })},
		{"markdown", file(".md", func(w io.Writer, p priced) error { return markdown.Write(w, p.document, markdown.Limit) })},
		{"png", func(p priced, write reports.Write) error {
			var faults []error
			for _, f := range p.figures {
				if f.Missing == "" {
					faults = append(faults, write(f.Name+".png", func(w io.Writer) error { return f.PNG(w, chart.Light()) }))
				}
			}
			return errors.Join(faults...)
		}},
	}
}

// write prints a report, and writes the files that were asked for.
func (o *costOptions) write(cmd *cobra.Command, p priced) error {
	w := cmd.OutOrStdout()
	var faults []error
	switch o.output.Value {
	case "json":
		faults = append(faults, p.json(w))
	case "markdown":
		faults = append(faults, markdown.Write(w, p.document, markdown.Limit))
	default:
		faults = append(faults, text.Write(w, p.document, text.StyleOf(w)))
	}
	if len(o.formats.Chosen) == 0 {
		return errors.Join(faults...)
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return errors.Join(append(faults, fmt.Errorf("make the folder for reports: %w", err))...)
	}
	folder, err := record.OpenFolder(o.out)
	if err != nil {
		return errors.Join(append(faults, err)...)
	}
	for _, f := range o.formats.Chosen {
		faults = append(faults, f.write(p, folder.Write))
	}
	return errors.Join(append(faults, folder.Close())...)
}
