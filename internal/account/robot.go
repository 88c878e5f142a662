package account

import "parlor/internal/id"

// Reception is a robot that receives the visitors of an inbox before people do.
type Reception struct {
	// Robot is its id, Agent the agent as which it answers, Name what visitors see.
	Robot string
	Agent id.Agent
	Name  string
	// When it receives: "always", "off_hours" or "unattended".
	When string
	// Team, if set, is the team of what it hands over.
	Team id.Team
	// Button offers visitors a person, after as many of their messages as After says.
	Button bool
	After  int
}

// RobotOf returns the robot that an agent is, if it receives visitors now.
func (b *Book) RobotOf(a id.Agent) (Reception, bool) {
	for _, r := range b.Robots {
		if r.Agent == a {
			return r, true
		}
	}
	return Reception{}, false
}

// RobotsChanged makes every node read anew who receives visitors.
func (s *Service) RobotsChanged(t id.Tenant) { s.settingsChanged(t) }
