package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
)

// run executes one command line and keeps what it printed; no command, nothing to do.
func (s *State) run(ctx context.Context, command *string) error {
	if command == nil {
		return nil
	}
	argv := []string{"/bin/sh", "-c"}
	if s.Interpreter != nil && len(*s.Interpreter) > 0 {
		argv = append([]string{}, *s.Interpreter...)
	}
	argv = append(argv, *command)

	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = s.environ()
	if s.Dir != nil {
		cmd.Dir = *s.Dir
	}
	if s.Stdin != nil {
		cmd.Stdin = strings.NewReader(*s.Stdin)
	}

	var stdout, stderr bytes.Buffer
	var both shared // an error shows both streams in the order they came
	log := newLineLog(p.GetLogger(ctx).InfoStatus)
	cmd.Stdout = io.MultiWriter(&stdout, &both, log.when(s.Logging.shows(logStdout)))
	cmd.Stderr = io.MultiWriter(&stderr, &both, log.when(s.Logging.shows(logStderr)))
	err := cmd.Run()
	log.flush()
	if err != nil {
		return fmt.Errorf("%w: running %q:\n%s", err, *command, both.String())
	}

	s.Stdout = strings.TrimSuffix(stdout.String(), "\n")
	s.Stderr = strings.TrimSuffix(stderr.String(), "\n")
	return nil
}

// environ is the engine's own environment, then `environment`, then what the previous run printed.
func (s *State) environ() []string {
	env := os.Environ()
	if s.Environment != nil {
		for name, value := range *s.Environment {
			env = append(env, name+"="+value)
		}
	}
	if s.AddPreviousOutputInEnv == nil || *s.AddPreviousOutputInEnv {
		if s.Stdout != "" {
			env = append(env, "PULUMI_COMMAND_STDOUT="+s.Stdout)
		}
		if s.Stderr != "" {
			env = append(env, "PULUMI_COMMAND_STDERR="+s.Stderr)
		}
	}
	return env
}
