package trees

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"unicode/utf8"

	"servebench/reports/record/userfile"
)

// foreignFormats are the formats of model files other than JSON, by their first
// bytes, and what makes a JSON model of each.
var foreignFormats = []struct{ starts, text string }{
	{"{L\x00", ubjson}, {"{l\x00", ubjson}, {"{I\x00", ubjson}, {"{i", ubjson}, {"{U", ubjson},
	{"binf", `it is XGBoost's old binary format (.bin, .model, .deprecated), which version 3.1 no longer reads; ` +
		`with an older version, such as 2.1: xgboost.Booster(model_file="model.bin").save_model("model.json")`},
	{"CONFIG-offset:", "it is the memory of a Booster, as pickle keeps it" + unpickle},
	{"\x80", "it is a Python pickle" + unpickle},
	{"x\x01", joblib}, {"x\x5e", joblib}, {"x\x9c", joblib}, {"x\xda", joblib},
	{"\x1f\x8b", "it is compressed with gzip: decompress it, and give the JSON that was in it"},
	{"PK\x03\x04", "it is a ZIP archive: unpack it, and give the JSON that was in it"},
	{"booster[0]", dump}, {"[", dump},
	{"tree\n", "it is a model of LightGBM; only XGBoost's are read"},
	{"CBM1", "it is a model of CatBoost; only XGBoost's are read"},
}

const (
	ubjson = `it is UBJSON, which XGBoost writes to .ubj and, from version 2.1 on, to every name but .json; ` +
		`in Python: xgboost.Booster(model_file="model.ubj").save_model("model.json")`
	unpickle = `; in Python, load it the way it was saved, and then model.save_model("model.json")`
	joblib   = "it is compressed with zlib, as joblib does" + unpickle
	dump     = `it looks like the output of dump_model, which lacks what predictions need; in Python: booster.save_model("model.json")`
)

// foreign says what the data is, where it is a known format other than JSON.
func foreign(data []byte) error {
	if len(bytes.TrimSpace(data)) == 0 {
		return errors.New("it is empty")
	}
	for _, f := range foreignFormats {
		if bytes.HasPrefix(data, []byte(f.starts)) {
			return errors.New(f.text)
		}
	}
	if !utf8.Valid(data) {
		return errors.New(`it is not text, so it is no JSON model; in Python: booster.save_model("model.json")`)
	}
	return nil
}

// parse reads the JSON of a model. XGBoost writes numbers that JSON has not, NaN
// and Infinity, so these become null first where there are any: the reason why
// such a model is refused lies elsewhere.
func parse(data []byte) (document, error) {
	var d document
	if err := foreign(data); err != nil {
		return d, err
	}
	if !json.Valid(data) {
		data = withoutBareNumbers(data)
	}
	return d, userfile.JSON(data, &d)
}

// bareNumbers are the numbers that XGBoost writes and JSON has not; and the
// strings, in which they are text.
var bareNumbers = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|-?(?:NaN|nan|Infinity|inf)\b`)

// withoutBareNumbers returns the data with null for every bare number.
func withoutBareNumbers(data []byte) []byte {
	return bareNumbers.ReplaceAllFunc(data, func(found []byte) []byte {
		if found[0] == '"' {
			return found
		}
		return []byte("null")
	})
}
