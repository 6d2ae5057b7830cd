package prices

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// awsOffer is what is kept of an offer file until its terms are read.
type awsOffer struct {
	code, version, published string
	products                 map[string]awsProduct // by SKU
	terms                    bool                  // have begun
}

// head is the field of a key at the top of an offer file.
func (o *awsOffer) head(name string) *string {
	switch name {
	case "offerCode":
		return &o.code
	case "version":
		return &o.version
	}
	return &o.published
}

// awsEntry is a product as the list has it.
type awsEntry struct {
	SKU        string            `json:"sku"`
	Family     string            `json:"productFamily"`
	Attributes map[string]string `json:"attributes"`
}

// awsProduct is a product whose price is to be taken.
type awsProduct struct {
	price Price // what is known but for the price itself
	units []string
}

type awsTerm struct {
	PriceDimensions map[string]awsDimension `json:"priceDimensions"`
}

type awsDimension struct {
	Unit         string            `json:"unit"`
	BeginRange   string            `json:"beginRange"`
	PricePerUnit map[string]string `json:"pricePerUnit"`
}

func (l *lister) awsProduct(sku string) error {
	if l.aws.terms {
		return errors.New("products after the terms, which name them; want the file as AWS publishes it")
	}
	var entry awsEntry
	if err := l.value(&entry); err != nil {
		return err
	}
	return l.awsKeep(sku, entry)
}

// awsKeep keeps a product if its price is to be taken.
func (l *lister) awsKeep(sku string, entry awsEntry) error {
	product, why := entry.product(l.aws.code)
	if why != "" {
		l.skipped(why, sku)
		return nil
	}
	if len(l.aws.products) == mostKept {
		return fmt.Errorf("more than %d prices to take; want the list of one region", mostKept)
	}
	l.aws.products[sku] = product
	return nil
}

// awsTerms reads the terms, of which those on demand have prices that hold for everybody.
func (l *lister) awsTerms(name string) error {
	if name != "OnDemand" {
		var nothing struct{}
		return l.object(func(string) error { return l.value(&nothing) })
	}
	l.aws.terms = true
	return l.object(func(sku string) error {
		product, kept := l.aws.products[sku]
		if !kept {
			var nothing struct{}
			return l.value(&nothing)
		}
		delete(l.aws.products, sku)
		var terms map[string]awsTerm
		if err := l.value(&terms); err != nil {
			return err
		}
		return l.awsPrices(sku, product, terms)
	})
}

// awsPrices takes the prices of a product: one, or those of its tiers.
func (l *lister) awsPrices(sku string, product awsProduct, terms map[string]awsTerm) error {
	l.awsOffer()
	published := string(day(l.aws.published))
	if published != "" {
		published = "published " + published
	}
	for _, term := range slices.Sorted(maps.Keys(terms)) {
		dimensions := terms[term].PriceDimensions
		for _, name := range slices.Sorted(maps.Keys(dimensions)) {
			d, p := dimensions[name], product.price
			usd, inDollars := d.PricePerUnit["USD"]
			amount, err := strconv.ParseFloat(usd, 64)
			from, errFrom := strconv.ParseFloat(d.BeginRange, 64)
			if d.BeginRange == "" {
				from, errFrom = 0, nil
			}
			switch {
			case !inDollars:
				l.skipped("no price in US dollars", sku)
				continue
			case err != nil || errFrom != nil:
				l.skipped("a price or a range that is no number", sku)
				continue
			case !slices.Contains(product.units, strings.ToLower(d.Unit)):
				l.skipped(fmt.Sprintf("priced by %.40q, not by the %s", d.Unit, p.Unit), sku)
				continue
			}
			p.USD, p.From, p.Date = amount, from, l.list.Date
			p.Source = strings.Join(slices.DeleteFunc([]string{"AWS Price List", l.aws.code, l.aws.version, published}, func(s string) bool { return s == "" }), " ")
			if err := l.take(p, sku); err != nil {
				return err
			}
		}
	}
	return nil
}

// awsOffer notes the offer of which prices are taken.
func (l *lister) awsOffer() {
	if code := l.aws.code; code != "" && !slices.Contains(l.list.Offers, code) && len(l.list.Offers) < mostReasons {
		l.list.Offers = append(l.list.Offers, code)
	}
}

// awsQuoted reads an entry of what aws pricing get-products prints: a product and its terms
// as JSON, in quotes.
func (l *lister) awsQuoted() error {
	var raw json.RawMessage
	if err := l.value(&raw); err != nil {
		return err
	}
	if bytes.HasPrefix(raw, []byte(`"`)) {
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return err
		}
		raw = []byte(text)
	}
	var entry struct {
		Product     awsEntry
		ServiceCode string
		Version     string
		Published   string `json:"publicationDate"`
		Terms       struct{ OnDemand map[string]awsTerm }
	}
	if err := json.Unmarshal(raw, &entry); err != nil {
		return errors.New("in an entry of PriceList: " + err.Error()) // whose offsets are not those of the file
	}
	l.aws.code, l.aws.version, l.aws.published = entry.ServiceCode, entry.Version, entry.Published
	if entry.ServiceCode == "" {
		l.aws.code = entry.Product.Attributes["servicecode"]
	}
	product, why := entry.Product.product(l.aws.code)
	if why != "" {
		l.skipped(why, entry.Product.SKU)
		return nil
	}
	return l.awsPrices(entry.Product.SKU, product, entry.Terms.OnDemand)
}

// awsRegion is the prefix that usage types have in most regions: "USE1-".
var awsRegion = regexp.MustCompile(`^([A-Z]{3,4}[0-9]|EU)-`)

// Why products are left out.
const (
	notUsed     = "no kind of price that a cost is worked out from"
	notOnDemand = "no Linux machine on shared hardware, on demand and without software"
	notRegional = "not of a region"
)

// product is what is to be taken of an entry of an offer, or why nothing is.
func (e awsEntry) product(code string) (awsProduct, string) {
	a := e.Attributes
	usage := awsRegion.ReplaceAllString(a["usagetype"], "")
	service, item, unit := awsItem(code, e.Family, usage, a)
	switch {
	case service == "":
		return awsProduct{}, notUsed
	case service == "ec2" && (a["operatingSystem"] != "Linux" || a["tenancy"] != "Shared" || a["preInstalledSw"] != "NA" ||
		a["capacitystatus"] != "Used" || a["marketoption"] != "" && a["marketoption"] != "OnDemand"):
		return awsProduct{}, notOnDemand
	}
	region, place := a["regionCode"], a["locationType"]
	if service == "transfer" {
		region, place = a["fromRegionCode"], a["fromLocationType"]
	}
	if region == "" || place != "" && place != "AWS Region" {
		return awsProduct{}, notRegional
	}
	p := Price{Provider: "aws", Region: region, Service: service, Item: item, Unit: unit}
	switch {
	case unit == "vCPU-hour":
		p.VCPU = 1
	case unit == "hour" && (service == "ec2" || service == "sagemaker"):
		p.VCPU, p.MemoryGiB, p.Accelerator = size(a["vcpu"]+a["vCpu"]), size(a["memory"]), a["gpu"]
		if service == "ec2" {
			p.Note = "Linux on-demand"
		}
		if n := size(p.Accelerator); n == 0 {
			p.Accelerator = ""
		} else {
			p.Accelerator = fmt.Sprintf("%gx GPU", n)
		}
	}
	return awsProduct{p, awsUnits(unit)}, ""
}

// awsUnits are how lists call a unit, in lower case.
func awsUnits(unit string) []string {
	switch hours := []string{"hrs", "hr", "hours", "hour"}; unit {
	case "hour":
		return hours
	case "vCPU-hour":
		return append(hours, "vcpu-hours", "vcpu-hour")
	case "GB-hour":
		return append(hours, "gb-hours", "gb-hour")
	case "GB-second":
		return []string{"lambda-gb-second", "gb-second", "gb-seconds", "second", "seconds"}
	case "GB-month":
		return []string{"gb-mo", "gb-month"}
	case "LCU-hour", "NLCU-hour":
		return []string{"lcu-hrs", "nlcu-hrs", "lcu-hours", "nlcu-hours"}
	case "request":
		return []string{"request", "requests"}
	case "second":
		return []string{"sec", "second", "seconds"}
	}
	return []string{strings.ToLower(unit)}
}

// awsItem is what a product of an offer is in a table; "" where it is nothing that a cost
// is worked out from. usage is the usage type without the prefix of its region.
func awsItem(code, family, usage string, attributes map[string]string) (service, item, unit string) {
	switch code {
	case "AmazonEC2", "AWSDataTransfer":
		return ec2Item(family, usage, attributes)
	case "AWSLambda":
		return lambdaItem(attributes["group"])
	case "AmazonSageMaker":
		if attributes["component"] == "Hosting" && strings.HasPrefix(usage, "Host:") {
			return "sagemaker", strings.TrimPrefix(usage, "Host:"), "hour"
		}
		if gb, ok := strings.CutPrefix(usage, "ServerlessInf:Mem-"); ok && size(gb) > 0 {
			return "sagemaker", fmt.Sprintf("serverless compute %g MB", 1024*size(strings.TrimSuffix(gb, "GB"))), "second"
		}
		return "", "", ""
	}
	for _, r := range []struct{ code, family, usage, service, item, unit string }{
		{"AmazonECS", "", "Fargate-vCPU-Hours:perCPU", "fargate", "x86_64 vCPU", "vCPU-hour"},
		{"AmazonECS", "", "Fargate-GB-Hours", "fargate", "x86_64 memory", "GB-hour"},
		{"AmazonECS", "", "Fargate-ARM-vCPU-Hours:perCPU", "fargate", "arm64 vCPU", "vCPU-hour"},
		{"AmazonECS", "", "Fargate-ARM-GB-Hours", "fargate", "arm64 memory", "GB-hour"},
		{"AmazonEKS", "", "AmazonEKS-Hours:perCluster", "eks", "control plane standard support", "hour"},
		{"AmazonEKS", "", "AmazonEKS-Hours:extendedSupport", "eks", "control plane extended support", "hour"},
		{"AWSELB", "Load Balancer-Application", "LoadBalancerUsage", "elb", "application load balancer", "hour"},
		{"AWSELB", "Load Balancer-Application", "LCUUsage", "elb", "ALB LCU", "LCU-hour"},
		{"AWSELB", "Load Balancer-Network", "LoadBalancerUsage", "elb", "network load balancer", "hour"},
		{"AWSELB", "Load Balancer-Network", "LCUUsage", "elb", "NLB NLCU", "NLCU-hour"},
		{"AmazonVPC", "", "PublicIPv4:InUseAddress", "vpc", "public IPv4 in use or idle", "hour"},
		{"AmazonECR", "", "TimedStorage-ByteHrs", "ecr", "storage", "GB-month"},
		{"AmazonCloudWatch", "", "DataProcessing-Bytes", "cloudwatch", "logs ingested", "GB"},
	} {
		if r.code == code && r.usage == usage && (r.family == "" || r.family == family) {
			return r.service, r.item, r.unit
		}
	}
	return "", "", ""
}

func ec2Item(family, usage string, attributes map[string]string) (service, item, unit string) {
	switch {
	case family == "Compute Instance", family == "Compute Instance (bare metal)":
		return "ec2", attributes["instanceType"], "hour"
	case usage == "NatGateway-Hours":
		return "nat", "gateway", "hour"
	case usage == "NatGateway-Bytes":
		return "nat", "data processed", "GB"
	case usage == "EBS:VolumeUsage.gp3":
		return "ebs", "gp3 storage", "GB-month"
	case usage == "DataTransfer-Out-Bytes" && attributes["toLocation"] == "External":
		return "transfer", "egress internet", "GB"
	case usage == "DataTransfer-Regional-Bytes" && attributes["transferType"] == "IntraRegion":
		return "transfer", "between zones, each way", "GB"
	}
	return "", "", ""
}

func lambdaItem(group string) (service, item, unit string) {
	group, isARM := strings.CutSuffix(group, "-ARM")
	architecture := " x86_64"
	if isARM {
		architecture = " arm64"
	}
	switch group {
	case "AWS-Lambda-Duration":
		return "lambda", "duration" + architecture, "GB-second"
	case "AWS-Lambda-Requests":
		return "lambda", "requests" + strings.TrimSuffix(architecture, " x86_64"), "request"
	case "AWS-Lambda-Provisioned-Concurrency":
		return "lambda", "provisioned concurrency" + architecture, "GB-second"
	case "AWS-Lambda-Duration-Provisioned":
		return "lambda", "duration under provisioned concurrency" + architecture, "GB-second"
	case "AWS-Lambda-Storage-Duration":
		if !isARM {
			return "lambda", "ephemeral storage over 512 MB", "GB-second"
		}
	}
	return "", "", ""
}

// size is the number at the beginning of a text such as "1,952 GiB"; 0 where there is none.
func size(text string) float64 {
	digits, _, _ := strings.Cut(strings.ReplaceAll(text, ",", ""), " ")
	v, err := strconv.ParseFloat(strings.TrimSuffix(digits, "GB"), 64)
	if err != nil || v < 0 || v > mostUnits {
		return 0
	}
	return v
}
