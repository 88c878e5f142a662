package account

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// Bounds of an import of agents.
const (
	maxImportRows  = 2000
	maxImportBytes = 2 << 20
)

// ImportedAgent is the outcome of one line of an import.
type ImportedAgent struct {
	// Line counts from 1, the header included.
	Line  int    `json:"line"`
	Email string `json:"email"`
	// Error says what is wrong with the line, empty if nothing is.
	Error string `json:"error,omitempty"`
	// ID is the new agent's id, empty in a dry run.
	ID id.Agent `json:"id,omitempty"`
}

// ImportAgents adds the agents of a CSV text with a header: email, name and
// password, and if wished username, role, cap and teams (names with ; between).
// Every line is checked before the first agent is added: if one is wrong, or dry
// is set, nothing is added. The outcome has a line for each agent.
func (s *Service) ImportAgents(ctx context.Context, who actor.Actor, text string, dry bool) (list []ImportedAgent, err error) {
	defer errs.Wrap(&err, "account.ImportAgents")
	if err := administrator(who); err != nil {
		return nil, err
	}
	agents, list, err := s.readAgents(ctx, who.Tenant, text)
	if err != nil {
		return nil, err
	}
	for _, l := range list {
		if l.Error != "" {
			return list, nil
		}
	}
	for i := range list {
		if dry {
			break
		}
		a, err := s.addAgent(ctx, agents[i], s.by(who))
		if errs.CodeOf(err) == errs.Internal {
			return list, err
		}
		if err != nil {
			list[i].Error = errs.MessageOf(err)
			continue
		}
		list[i].ID = a.ID
	}
	return list, nil
}

// readAgents reads and checks the lines.
func (s *Service) readAgents(ctx context.Context, t id.Tenant, text string) (agents []NewAgent, list []ImportedAgent, err error) {
	if len(text) > maxImportBytes {
		return nil, nil, errs.Field("csv", "too_large", "The file has %d bytes; %d are allowed.", len(text), maxImportBytes)
	}
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if err != nil {
		return nil, nil, errs.Field("csv", "bad_csv", "The file is empty or not CSV.").Because(err)
	}
	columns := map[string]int{}
	for i, name := range header {
		columns[strings.ToLower(strings.TrimSpace(name))] = i
	}
	for _, need := range []string{"email", "name", "password"} {
		if _, ok := columns[need]; !ok {
			return nil, nil, errs.Field("csv", "column_missing", "The column %q is missing; email, name and password are needed.", need)
		}
	}
	known, err := s.store.Agents(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	taken := map[string]bool{}
	for _, a := range known {
		taken[strings.ToLower(a.Email)], taken["u "+strings.ToLower(a.Username)] = true, true
	}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return agents, list, nil
		}
		line, _ := r.FieldPos(0)
		if err != nil {
			return nil, nil, errs.Field("csv", "bad_csv", "The file is not CSV: %v", err).Because(err)
		}
		if len(list) == maxImportRows {
			return nil, nil, errs.Field("csv", "too_many_lines", "The file has more than %d agents.", maxImportRows)
		}
		in, fault := s.readAgent(ctx, t, columns, record, taken)
		agents = append(agents, in)
		list = append(list, ImportedAgent{Line: line, Email: clip(in.Email, 254), Error: fault})
	}
}

// readAgent reads one line and says what is wrong with it, "" if nothing is.
func (s *Service) readAgent(ctx context.Context, t id.Tenant, columns map[string]int, record []string, taken map[string]bool) (in NewAgent, fault string) {
	get := func(name string) string {
		if i, ok := columns[name]; ok && i < len(record) {
			return strings.TrimSpace(record[i])
		}
		return ""
	}
	in = NewAgent{Tenant: t, Email: get("email"), Name: get("name"), Username: get("username"), Password: get("password"), Role: Role(get("role"))}
	if limit := get("cap"); limit != "" {
		n, err := strconv.Atoi(limit)
		if err != nil {
			return in, "The cap " + strconv.Quote(clip(limit, 20)) + " is not a number."
		}
		in.Cap = n
	}
	for name := range strings.SplitSeq(get("teams"), ";") {
		if name = strings.TrimSpace(name); name != "" {
			in.Teams = append(in.Teams, name)
		}
	}
	a, err := s.fillAgent(ctx, in)
	if err == nil {
		_, err = s.teamIDs(ctx, t, in.Teams)
	}
	if err == nil {
		err = CheckNewPassword(in.Password)
	}
	if err != nil {
		return in, errs.MessageOf(err)
	}
	mail, user := strings.ToLower(a.Email), "u "+strings.ToLower(a.Username)
	if taken[mail] || taken[user] {
		return in, "An agent with this e-mail or username exists already."
	}
	taken[mail], taken[user] = true, true
	return in, ""
}
