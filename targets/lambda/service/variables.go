package service

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// variables are what Lambda itself sets for every process, see "Defined runtime
// environment variables" in the Lambda Developer Guide. The keys of an account
// are not there, the address of the Runtime API is each environment's own, and
// where the function's files are is the Sandbox's to say.
func (s *Service) variables() []string {
	return []string{
		"_HANDLER=bootstrap",
		"AWS_DEFAULT_REGION=" + region,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + fmt.Sprint(s.memoryMB()),
		"AWS_LAMBDA_FUNCTION_NAME=" + s.config.Name,
		"AWS_LAMBDA_FUNCTION_VERSION=" + version,
		"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/" + s.config.Name,
		fmt.Sprintf("AWS_LAMBDA_LOG_STREAM_NAME=%s/[%s]%016x%016x", time.Now().UTC().Format("2006/01/02"), version, rand.Uint64(), rand.Uint64()),
		"AWS_REGION=" + region,
		"TZ=:UTC",
	}
}
