package costs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"servebench/cmd/cli"
	"servebench/reports/analysis/cost"
	"servebench/reports/analysis/cost/traffic"
	"servebench/reports/prices"
	"servebench/reports/record"
	"servebench/reports/record/userfile"
	"servebench/scenarios/decode"
	"servebench/scenarios/pricefile"
)

// maxPrices bounds a file of prices in CSV.
const maxPrices = 16 << 20

// priceTable is the table of servebench with the prices of files, the last of which wins.
func priceTable(ctx context.Context, files []string, now time.Time) (prices.Table, error) {
	table := prices.Builtin()
	var faults []error
	for _, name := range files {
		mine, err := readPrices(ctx, name, now)
		faults = append(faults, err)
		table = table.With(mine)
	}
	return table, cli.Fail(cli.Usage, faults...)
}

func readPrices(ctx context.Context, name string, now time.Time) (prices.Table, error) {
	text, err := userfile.ReadTextOnce(ctx, name, maxPrices)
	if err != nil {
		return nil, fmt.Errorf("read prices: %w", err)
	}
	return pricefile.Read(name, text, now)
}

// choosePlaces finds the places that were named; nil without any. fault is that of the value of
// a flag or a key, of the place with that number.
func choosePlaces(table prices.Table, region string, ids []string, fault func(key string, i int, problem, want string) decode.Fault) ([]cost.Place, error) {
	all := cost.Places(table)
	var regions, known []string
	for _, p := range all {
		known = append(known, p.ID)
		if !slices.Contains(regions, p.Region) && p.Provider != prices.OwnProvider {
			regions = append(regions, p.Region)
		}
	}
	var faults decode.Faults
	if !slices.Contains(regions, region) {
		faults = append(faults, fault("region", 0, fmt.Sprintf("there are no prices of a region %q%s", region, decode.Suggest(region, regions)), decode.OneOf(regions)+", or a file with prices of it"))
	}
	var places []cost.Place
	for i, id := range ids {
		p, found := cost.Find(all, id)
		if !found {
			faults = append(faults, fault("place", i, fmt.Sprintf("there is no place %q%s", id, decode.Suggest(id, known)), "an ID such as aws/us-east-1/ec2/c7i.large; servebench prices lists them"))
			continue
		}
		places = append(places, p)
	}
	if faults != nil {
		return nil, faults
	}
	return places, nil
}

// RecordPrices gives the key cost of a scenario the prices of its places, which a run keeps; of
// nil it does nothing. The error names every fault of the key that its values do not show by
// themselves, by where it stands in the source of the scenario.
func RecordPrices(ctx context.Context, c *record.Cost, source *decode.Source) error {
	if c == nil {
		return nil
	}
	var unread, faults []error
	if _, err := traffic.Parse(c.Traffic); err != nil {
		faults = append(faults, source.Fault("cost.traffic", err.Error(), ""))
	}
	now, table := time.Now(), prices.Builtin()
	for i, name := range c.Prices {
		mine, err := readPrices(ctx, name, now)
		if errors.Is(err, fs.ErrNotExist) {
			err = source.FileFault(decode.Element("cost.prices", i), name, err, "a file with prices")
		}
		unread, table = append(unread, err), table.With(mine)
	}
	var places []cost.Place
	if faults = append(faults, unread...); errors.Join(unread...) == nil { // else a place may be missing because of that
		var err error
		places, err = choosePlaces(table, c.Region, c.Place, func(key string, i int, problem, want string) decode.Fault {
			field := "cost." + key
			if key == "place" {
				field = decode.Element(field, i)
			}
			return source.Fault(field, problem, want)
		})
		faults = append(faults, err)
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	var text strings.Builder
	err := cost.RowsOf(table, places).WriteCSV(&text)
	c.Table = text.String()
	return err
}
