package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/tileseal/tileseal/internal/doctor"
)

func runDoctor(c *command) error {
	asJSON := c.formatFlag()
	if err := c.parseFlags(); err != nil {
		return err
	}
	if c.NArg() > 0 {
		return c.misuse("%s takes no arguments, found %d", c.Name(), c.NArg())
	}
	facts := doctor.Examine([]string{os.Args[0], "run", enterFlag})
	if *asJSON {
		text, err := json.MarshalIndent(facts, "", " ")
		if err != nil {
			return err
		}
		fmt.Fprintf(c.stdout, "%s\n", text)
		return nil
	}
	topic := ""
	for _, f := range facts {
		if f.Topic != topic {
			topic = f.Topic
			fmt.Fprintf(c.stdout, "%s\n", topic)
		}
		if f.Unknown != "" {
			f.Value = "unknown: " + f.Unknown
		}
		line := fmt.Sprintf("  %-42s %s", f.Name+":", f.Value)
		if f.How != "" {
			line += " (" + f.How + ")"
		}
		fmt.Fprintln(c.stdout, line)
	}
	return nil
}
