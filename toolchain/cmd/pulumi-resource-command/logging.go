package main

import (
	"bytes"
	"io"
	"sync"

	"github.com/pulumi/pulumi-go-provider/infer"
)

// Logging says which of a command's streams appear in Pulumi's output; both are kept in the state
// either way.
type Logging string

const (
	logNone            Logging = "none"
	logStdout          Logging = "stdout"
	logStderr          Logging = "stderr"
	logStdoutAndStderr Logging = "stdoutAndStderr"
)

// Values makes it an enumeration of the schema, so that a wrong value is refused.
func (Logging) Values() []infer.EnumValue[Logging] {
	return []infer.EnumValue[Logging]{
		{Name: "none", Value: logNone}, {Name: "stdout", Value: logStdout},
		{Name: "stderr", Value: logStderr}, {Name: "stdoutAndStderr", Value: logStdoutAndStderr},
	}
}

// Annotate puts it beside Command: command:local:Logging.
func (l *Logging) Annotate(a infer.Annotator) { a.SetToken("local", "Logging") }

// shows is true for both streams unless something else was asked for.
func (l *Logging) shows(stream Logging) bool {
	return l == nil || *l == logStdoutAndStderr || *l == stream
}

// shared is a buffer for two writers at once.
type shared struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (s *shared) Write(b []byte) (int, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.buffer.Write(b)
}

func (s *shared) String() string { return s.buffer.String() }

// lineLog hands whole lines to print, while the command still runs.
type lineLog struct {
	mutex sync.Mutex
	rest  []byte
	print func(string)
}

func newLineLog(print func(string)) *lineLog { return &lineLog{print: print} }

func (l *lineLog) when(shown bool) io.Writer {
	if shown {
		return l
	}
	return io.Discard
}

func (l *lineLog) Write(b []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.rest = append(l.rest, b...)
	for {
		end := bytes.IndexByte(l.rest, '\n')
		if end < 0 {
			return len(b), nil
		}
		l.print(string(l.rest[:end]))
		l.rest = l.rest[end+1:]
	}
}

func (l *lineLog) flush() {
	if len(l.rest) > 0 {
		l.print(string(l.rest))
		l.rest = nil
	}
}
