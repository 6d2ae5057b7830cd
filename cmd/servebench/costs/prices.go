package costs

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"servebench/cmd/cli"
	"servebench/cmd/servebench/option"
	"servebench/reports/format"
	"servebench/reports/prices"
	"servebench/reports/text"
	"servebench/scenarios/decode"
	"servebench/scenarios/pricefile"

	"github.com/spf13/cobra"
)

// pricesOptions are the flags of prices.
type pricesOptions struct {
	filter prices.Filter
	files  []string
	output *option.OneOf
}

func PricesCommand() *cobra.Command {
	cmd := listPricesCommand("prices [FILTER...]")
	cmd.AddCommand(listPricesCommand("list [FILTER...]"), updatePricesCommand())
	return cmd
}

func listPricesCommand(use string) *cobra.Command {
	opts := pricesOptions{output: option.NewOneOf("text", "json", "csv")}
	cmd := &cobra.Command{
		Use:   use,
		Short: "List what places charge, with the date and the source of each price",
		Long: `List the prices that a cost is worked out from: those that come with servebench, and
those of --prices. Each has the date when it was read and the source where it was read.
A price that may be older than 180 days is marked, and may have changed since.

FILTER is a part of an ID, such as c7g or us-east-1/lambda. A price is listed where its ID
has every FILTER in it.

A file of prices is CSV as -o csv writes it, or YAML with rows and your machines;
servebench schema prices -o text describes its keys. Its rows replace those of the same
ID, whatever their unit, and others are added. A row without sizes keeps those it
replaces.`,
		Example: `  servebench prices c7g
  servebench prices --provider aws --service lambda
  servebench prices --prices mine.yaml own -o json`,
		Args: cli.Arguments(0, -1),
		RunE: func(cmd *cobra.Command, words []string) error {
			opts.filter.Words = words
			return listPrices(cmd, &opts)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.filter.Provider, "provider", "", "only prices of a provider: aws")
	flags.StringVar(&opts.filter.Region, "region", "", "only prices in a region: us-east-1")
	flags.StringVar(&opts.filter.Service, "service", "", "only prices of a service: lambda")
	flags.StringArrayVar(&opts.files, "prices", nil, "file with prices that replace or add to those of servebench")
	flags.VarP(opts.output, "output", "o", "print as")
	return cmd
}

func listPrices(cmd *cobra.Command, opts *pricesOptions) error {
	now := time.Now()
	table, err := priceTable(cmd.Context(), opts.files, now)
	if err != nil {
		return err
	}
	if err := knownPrices(table, opts.filter); err != nil {
		return cli.Fail(cli.Usage, err)
	}
	table = table.Filter(opts.filter)
	switch opts.output.Value {
	case "csv":
		err = table.WriteCSV(cmd.OutOrStdout())
	default:
		text := func(w io.Writer) error { return writePrices(w, table, now) }
		err = cli.PrintAs(cmd.OutOrStdout(), opts.output.Value, listedPrices(table, now), text)
	}
	if stale := len(table.Stale(now)); stale > 0 && err == nil {
		cli.Say(cmd.ErrOrStderr(), "servebench", fmt.Sprintf("%d of %s may have changed: they may be older than %d days (marked !); read them again with servebench prices update, or give yours with --prices",
			stale, format.Plural(len(table), "price"), int(prices.MaxAge.Hours())/24))
	}
	return cli.Fail(cli.Runtime, err)
}

// knownPrices refuses a filter that no price passes, and proposes names that one has.
func knownPrices(table prices.Table, f prices.Filter) error {
	var faults decode.Faults
	for _, asked := range []struct {
		flag, value string
		of          func(prices.Price) string
	}{
		{"--provider", f.Provider, func(p prices.Price) string { return p.Provider }},
		{"--region", f.Region, func(p prices.Price) string { return p.Region }},
		{"--service", f.Service, func(p prices.Price) string { return p.Service }},
	} {
		known := map[string]bool{}
		for _, p := range table {
			known[asked.of(p)] = true
		}
		if asked.value != "" && !known[asked.value] {
			names := slices.Sorted(maps.Keys(known))
			faults = append(faults, decode.Fault{Field: asked.flag, Problem: fmt.Sprintf("no price has %q%s", asked.value, decode.Suggest(asked.value, names)), Want: decode.OneOf(names)})
		}
	}
	for _, word := range f.Words {
		if table.Filter(prices.Filter{Words: []string{word}}) == nil {
			names := []string{"list", "update"}
			for _, p := range table {
				names = append(names, p.ID(), p.Provider, p.Region, p.Service, p.Item)
				names = append(names, strings.FieldsFunc(p.Item, func(r rune) bool { return r == '.' || r == ' ' })...)
			}
			faults = append(faults, decode.Fault{Problem: fmt.Sprintf("no price has %q in its ID%s", word, decode.Suggest(word, names)), Want: "a part of an ID; servebench prices lists all"})
		}
	}
	if faults == nil && table.Filter(f) == nil {
		faults = decode.Faults{{Problem: "each of these has prices, but no price has all of them", Want: "fewer of them"}}
	}
	if faults == nil {
		return nil
	}
	return faults
}

// listedPrice is a price as JSON.
type listedPrice struct {
	ID string `json:"id"`
	prices.Price
	// AgeDays is how old the price is at most.
	AgeDays int  `json:"age_days"`
	Stale   bool `json:"stale"`
}

func listedPrices(table prices.Table, now time.Time) []listedPrice {
	all := []listedPrice{}
	for _, p := range table {
		all = append(all, listedPrice{ID: p.ID(), Price: p, AgeDays: ageDays(p, now), Stale: p.Stale(now)})
	}
	return all
}

func ageDays(p prices.Price, now time.Time) int { return int(p.Age(now) / (24 * time.Hour)) }

// priceWidth is how wide the list is at most, sources left aside.
const priceWidth = 80

// writePrices lists prices by their service, with their sources below.
func writePrices(w io.Writer, table prices.Table, now time.Time) error {
	var b strings.Builder
	sources := map[string]int{}
	var order []string
	for rows := range groups(table) {
		first := rows[0]
		title := strings.Join([]string{first.Provider, first.Region, first.Service}, "/")
		shared := len(rows) > 1 && first.Note != "" && !slices.ContainsFunc(rows, func(p prices.Price) bool { return p.Note != first.Note })
		if shared {
			title += ": " + first.Note
		}
		fmt.Fprintln(&b, title)
		unit := first.Unit
		if slices.ContainsFunc(rows, func(p prices.Price) bool { return p.Unit != unit }) {
			unit = ""
		}
		cells := [][]string{{"item", strings.TrimSuffix("USD/"+unit, "/"), "vCPU", "GiB", "accelerator", "date", "days", "src"}}
		for _, p := range rows {
			if sources[p.Source] == 0 {
				order = append(order, p.Source)
				sources[p.Source] = len(order)
			}
			cells = append(cells, priceCells(p, unit, now, sources[p.Source]))
		}
		lines := align(cells)
		for i, line := range lines {
			fmt.Fprintln(&b, line)
			if i > 0 && !shared && rows[i-1].Note != "" {
				b.WriteString(wrapped(indent + rows[i-1].Note))
			}
		}
		b.WriteString("\n")
	}
	fmt.Fprintln(&b, "Sources:")
	for i, source := range order {
		b.WriteString(wrapped(fmt.Sprintf("  [%d] %s", i+1, source)))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// groups are the prices of one service at one place after the other, those of whole
// machines apart.
func groups(table prices.Table) func(yield func(prices.Table) bool) {
	return func(yield func(prices.Table) bool) {
		same := func(a, b prices.Price) bool {
			return a.Provider == b.Provider && a.Region == b.Region && a.Service == b.Service && (a.MemoryGiB > 0) == (b.MemoryGiB > 0)
		}
		left := slices.Clone(table)
		for len(left) > 0 {
			var rows, others prices.Table
			for _, p := range left {
				if same(p, left[0]) {
					rows = append(rows, p)
				} else {
					others = append(others, p)
				}
			}
			if !yield(rows) {
				return
			}
			left = others
		}
	}
}

// billion is where a count of units is written in billions.
const billion = 1e9

// priceCells are the cells of a row, under the unit that all rows have, or "".
func priceCells(p prices.Price, unit string, now time.Time, source int) []string {
	item := p.Item
	switch {
	case p.From >= billion:
		item += fmt.Sprintf(" from %ge9", p.From/billion)
	case p.From > 0:
		item += " from " + sizeCell(p.From)
	}
	if utf8.RuneCountInString(item) > 29 {
		item += "\n" // the figures follow on a line below
	}
	age := strconv.Itoa(ageDays(p, now))
	if len(p.Date) < len(time.DateOnly) {
		age = "≤ " + age
	}
	if p.Stale(now) {
		age += " !"
	}
	return []string{item, strings.TrimSuffix(p.PerUnit(), "/"+unit), sizeCell(p.VCPU), sizeCell(p.MemoryGiB), p.Accelerator, string(p.Date), age, fmt.Sprintf("[%d]", source)}
}

func sizeCell(v float64) string {
	if v == 0 {
		return ""
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// align writes rows of cells in columns, two spaces apart. A column that is empty below
// its head is left out. A first cell that ends with a line feed has a line for itself.
func align(cells [][]string) []string {
	widths := make([]int, len(cells[0]))
	for _, row := range cells[1:] {
		for i, cell := range row {
			if !strings.HasSuffix(cell, "\n") {
				widths[i] = max(widths[i], utf8.RuneCountInString(cell))
			}
		}
	}
	for i, head := range cells[0] {
		if widths[i] > 0 || i == 0 {
			widths[i] = max(widths[i], utf8.RuneCountInString(head))
		}
	}
	var lines []string
	for _, row := range cells {
		line := " "
		for i, cell := range row {
			if own, below := strings.CutSuffix(cell, "\n"); below {
				line, cell = line+" "+own+"\n ", ""
			}
			if widths[i] > 0 {
				line += " " + cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+cmp.Compare(len(row)-1, i))
			}
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return lines
}

// indent begins a line that continues another.
const indent = "      "

// wrapped is what is said in lines, the second and later ones with the indent.
func wrapped(said string) string { return text.Wrap(said, indent, priceWidth) + "\n" }

func PricesSchemaCommand() *cobra.Command {
	output := option.NewOneOf("json", "text")
	cmd := &cobra.Command{
		Use:   "prices",
		Short: "Print the JSON Schema of files of prices in YAML, or every key with its default",
		Args:  cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			text := func(w io.Writer) error {
				_, err := io.WriteString(w, pricefile.Reference())
				return err
			}
			return cli.Fail(cli.Runtime, cli.PrintAs(cmd.OutOrStdout(), output.Value, pricefile.Schema(), text))
		},
	}
	cmd.Flags().VarP(output, "output", "o", "print as")
	return cmd
}
