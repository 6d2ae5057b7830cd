package costs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"servebench/cmd/cli"
	"servebench/reports/format"
	"servebench/reports/prices"
	"servebench/reports/record/userfile"

	"github.com/spf13/cobra"
)

// updateOptions are the flags of prices update.
type updateOptions struct {
	out     string
	force   bool
	fetched string
}

func updatePricesCommand() *cobra.Command {
	var opts updateOptions
	cmd := &cobra.Command{
		Use:   "update FILE...",
		Short: "Read price lists of AWS and Azure that you fetched, and write a file of prices",
		Long: `Read price lists that you fetched, take the prices that a cost is worked out from, and
write them as CSV for you to review. It says what was taken, what was left out and why,
and what differs from the prices of servebench. It opens no connection.

FILE is JSON of AWS's Price List: an offer file of a region, or what get-products prints.
Or it is a page of Azure's Retail Prices in US dollars, or several pages in one file:

  curl -O https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AWSLambda/current/us-east-1/index.json
  aws pricing get-products --service-code AmazonEC2 --filters Type=TERM_MATCH,Field=regionCode,Value=eu-north-1
  curl -G https://prices.azure.com/api/retail/prices --data-urlencode "\$filter=serviceName eq 'Azure Container Apps'"

From AWS it takes AmazonEC2 (Linux machines on demand, NAT gateways, gp3 storage),
AWSLambda, AmazonECS (Fargate), AmazonEKS, AWSELB, AmazonSageMaker (hosting),
AmazonVPC (public addresses), AWSDataTransfer, AmazonECR and AmazonCloudWatch. From
Azure it takes virtual machines, Container Apps, Kubernetes Service and bandwidth.

The prices are of the day of --fetched, or else of the day when the file was last written.
The source of those of AWS also says when the list was published.`,
		Example: `  servebench prices update index.json -o prices.csv
  servebench prices --prices prices.csv --service lambda`,
		Args: cli.Arguments(1, -1),
		RunE: func(cmd *cobra.Command, files []string) error { return updatePrices(cmd, files, &opts) },
	}
	flags := cmd.Flags()
	flags.StringVarP(&opts.out, "out", "o", "prices.csv", "file to write")
	flags.BoolVar(&opts.force, "force", false, "write over a file that exists")
	flags.StringVar(&opts.fetched, "fetched", "", "day when the files were fetched: 2026-11-20")
	return cmd
}

// maxPriceList bounds a price list: that of all machines in all regions has some GB.
const maxPriceList = 64 << 30

func updatePrices(cmd *cobra.Command, files []string, opts *updateOptions) error {
	now := time.Now()
	if day, ok := prices.Date(opts.fetched).Day(); opts.fetched != "" && (!ok || day.After(now)) {
		return cli.Fail(cli.Usage, fmt.Errorf("--fetched %s: want a day that has been, such as 2026-11-20", opts.fetched))
	}
	if _, err := os.Lstat(opts.out); err == nil && !opts.force {
		return cli.Fail(cli.Usage, fmt.Errorf("%s exists; give another file with -o, or --force to write over it", opts.out))
	}
	var all prices.Table
	var faults []error
	for _, name := range files {
		list, err := readPriceList(name, prices.Date(opts.fetched), now)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		all = all.With(list.Table)
		if err := tellList(cmd.OutOrStdout(), name, list); err != nil {
			return cli.Fail(cli.Runtime, err)
		}
	}
	switch {
	case faults != nil:
		return cli.Fail(cli.Usage, faults...)
	case len(all) == 0:
		return cli.Fail(cli.Usage, errors.New("no price was taken, and nothing is written; want a list with prices of the kinds that servebench prices update --help names"))
	}
	var text bytes.Buffer
	err := all.WriteCSV(&text)
	if err == nil {
		err = userfile.Replace(opts.out, text.Bytes())
	}
	if err != nil {
		return cli.Fail(cli.Runtime, fmt.Errorf("write %s: %w", opts.out, userfile.Cause(err)))
	}
	return cli.Fail(cli.Runtime, tellChanges(cmd.OutOrStdout(), opts.out, all))
}

// readPriceList reads a list from a file, entry by entry.
func readPriceList(name string, fetched prices.Date, now time.Time) (*prices.List, error) {
	file, err := userfile.Open(name, maxPriceList)
	if err != nil {
		return nil, fmt.Errorf("read prices: %w", err)
	}
	defer file.Close()
	if fetched == "" {
		info, err := file.Stat()
		if err != nil {
			return nil, fmt.Errorf("read prices: %w", err)
		}
		fetched = prices.Date(info.ModTime().UTC().Format(time.DateOnly))
	}
	return prices.ReadList(name, file, fetched, now)
}

// tellList says what was taken of a list, and what was not.
func tellList(w io.Writer, name string, list *prices.List) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", name, list.Format)
	if len(list.Offers) > 0 {
		fmt.Fprintf(&b, ", %s", strings.Join(list.Offers, ", "))
	}
	fmt.Fprintf(&b, ", of %s\n", list.Date)
	taken, sizeless := map[string]int{}, 0
	var services []string
	for _, p := range list.Table {
		if taken[p.Service]++; taken[p.Service] == 1 {
			services = append(services, p.Service)
		}
		if p.Service == "vm" && p.VCPU == 0 {
			sizeless++
		}
	}
	for i, service := range services {
		services[i] = fmt.Sprintf("%s %s", format.Count(int64(taken[service])), service)
	}
	b.WriteString(wrapped("  took " + strings.TrimSuffix(format.Plural(len(list.Table), "price")+": "+strings.Join(services, ", "), ": ")))
	for _, s := range list.Skipped {
		b.WriteString(wrapped(fmt.Sprintf("  left out %s: %s; the first is %.60q", format.Count(int64(s.Count)), s.Why, s.First)))
	}
	if list.More {
		fmt.Fprintln(&b, "  the last page names a further one, which is not in the file: fetch its NextPageLink too")
	}
	if sizeless > 0 {
		b.WriteString(wrapped(fmt.Sprintf("  %s without vCPU and memory, which the list does not have: fill in the columns vcpu and memory_gib to have them considered", format.Plural(sizeless, "machine"))))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// mostChanges bounds the changes that are listed.
const mostChanges = 40

// tellChanges says what was written, and how it differs from the prices of servebench.
func tellChanges(w io.Writer, name string, table prices.Table) error {
	changed, same, added := table.Changes(prices.Builtin())
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s, of which servebench has %d otherwise, %d the same, and %d not\n", name, format.Plural(len(table), "price"), len(changed), same, added)
	for i, c := range changed {
		if i == mostChanges {
			fmt.Fprintf(&b, "  and %d more\n", len(changed)-i)
			break
		}
		fmt.Fprintf(&b, "  %s: %s, before %s (%s)\n", c.New.ID(), c.New.PerUnit(), c.Old.PerUnit(), format.Change(c.New.USD/c.Old.USD))
	}
	fmt.Fprintf(&b, "Review it, then use it:\n  servebench prices --prices %s\n", format.Command(name))
	_, err := io.WriteString(w, b.String())
	return err
}
