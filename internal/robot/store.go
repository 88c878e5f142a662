package robot

import (
	"context"
	"time"

	"parlor/internal/audit"
	"parlor/internal/id"
)

// Store is the memory that robots need.
type Store interface {
	// Robots returns the robots of a company, oldest first, at most MaxRobots.
	Robots(ctx context.Context, t id.Tenant) ([]Robot, error)
	// AllRobots returns up to limit robots of all companies, in order of their ids,
	// behind one.
	AllRobots(ctx context.Context, after string, limit int) ([]Robot, error)
	// Robot returns one, NotFound "robot_not_found".
	Robot(ctx context.Context, t id.Tenant, robot string) (Robot, error)
	// RobotByAgent returns the robot that an agent is, NotFound "robot_not_found".
	RobotByAgent(ctx context.Context, t id.Tenant, a id.Agent) (Robot, error)
	// SaveRobot adds a robot with version 0, together with its agent, or replaces the
	// one of that version; the agent has the robot's name. It returns it with its new
	// version. Errors: NotFound "robot_not_found", "inbox_not_found", "team_not_found";
	// Conflict "changed_meanwhile", "too_many_robots", and "inbox_taken" if another
	// active robot has one of its inboxes.
	SaveRobot(ctx context.Context, r Robot, most int, by audit.By) (Robot, error)
	// DeleteRobot removes a robot and switches its agent off. Errors: NotFound
	// "robot_not_found"; Conflict "robot_in_use" while it is active or has conversations.
	DeleteRobot(ctx context.Context, t id.Tenant, robot string, by audit.By) error
	// TakeTurn takes the turn of a conversation, unless somebody else has it at that
	// time; ok is false then.
	TakeTurn(ctx context.Context, in Take) (t Turn, ok bool, err error)
	// EndTurn keeps how far a turn came and gives it back, if the owner has it still:
	// Conflict "turn_lost" otherwise. last is the number of the conversation's newest message.
	EndTurn(ctx context.Context, t id.Tenant, owner string, turn Turn) (last int64, err error)
	// LongerTurn lets a turn take until a later time, if the owner has it still:
	// Conflict "turn_lost" otherwise.
	LongerTurn(ctx context.Context, t id.Tenant, owner string, c id.Conversation, until time.Time) error
	// DueTurns returns up to limit conversations of an agent in which something was
	// said behind the last turn, and nobody has the turn; in order of their ids, behind one.
	DueTurns(ctx context.Context, t id.Tenant, a id.Agent, after id.Conversation, now time.Time, limit int) ([]id.Conversation, error)
	// HeldBy returns up to limit open conversations of an agent, in order of their ids,
	// behind one.
	HeldBy(ctx context.Context, t id.Tenant, a id.Agent, after id.Conversation, limit int) ([]id.Conversation, error)
	// RateAnswer keeps whether an answer helped; fresh is false if that was kept before.
	// Errors: Conflict "rated_already" if the opposite was.
	RateAnswer(ctx context.Context, t id.Tenant, c id.Conversation, seq int64, helpful bool, at time.Time) (fresh bool, err error)
}

// MaxRobots bounds the robots of a company.
const MaxRobots = 100

// Take is what TakeTurn needs.
type Take struct {
	Tenant       id.Tenant
	Conversation id.Conversation
	// Owner names who takes it; Now to Until is how long.
	Owner      string
	Now, Until time.Time
}

// Turn is how far a robot came in a conversation.
type Turn struct {
	Conversation id.Conversation
	// Done is the number of the last message that was looked at.
	Done int64
	State
}

// State is what a robot remembers of a conversation.
type State struct {
	// Greeted is true once it has said its first word.
	Greeted bool `json:"greeted,omitempty"`
	// Failed counts the messages in a row that it did not understand.
	Failed int `json:"failed,omitempty"`
	// Menu is what can be chosen now.
	Menu []Choice `json:"menu,omitempty"`
}

// Choice is something to choose: an item of a menu, or an article.
type Choice struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}
