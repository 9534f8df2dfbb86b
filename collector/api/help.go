package api

import _ "embed"

// help is the page at /.
//
//go:embed help.txt
var help []byte
