package binding

import (
	"context"
	"time"

	"parlor/internal/audit"
	"parlor/internal/id"
)

// Store is the memory that binding needs. Every verb is one transaction. Names are
// compared by Key; what has ended by its time counts as not there.
type Store interface {
	// PutBinding adds a binding. One that is there already is replaced if in.Replace
	// is set and returned as before; else it is Conflict "bound_already". A binding to
	// the same agent for the same time stays as it is and leaves no history.
	PutBinding(ctx context.Context, in Put) (before *Binding, err error)
	// DropBinding removes a binding and returns it; nil if there was none.
	DropBinding(ctx context.Context, in Drop) (*Binding, error)
	// PutBindings is PutBinding for up to MaxTogether entries of one tenant in one
	// transaction. It returns what became of each, in their order.
	PutBindings(ctx context.Context, list []Put) ([]Outcome, error)
	// DropBindings removes up to limit bindings of a flag, those that were made before
	// a time only unless that is zero, and returns them. Webhooks are not told.
	DropBindings(ctx context.Context, t id.Tenant, flag string, before time.Time, limit int, why Drop) ([]Binding, error)
	// ExpireBindings removes up to limit bindings of any tenant whose time is up.
	ExpireBindings(ctx context.Context, now time.Time, limit int) ([]Binding, error)
	// FindBinding returns the binding of a flag and the first of some names that has one.
	FindBinding(ctx context.Context, t id.Tenant, flag string, names []string, now time.Time) (b Binding, ok bool, err error)
	// Bindings returns a page of the bindings that fit and the cursor of the next.
	Bindings(ctx context.Context, t id.Tenant, f Filter) (list []Binding, next string, err error)
	// CountBindings returns how many fit.
	CountBindings(ctx context.Context, t id.Tenant, f Filter) (int, error)
	// BindingFlags returns the flags that have bindings, in order, at most limit.
	BindingFlags(ctx context.Context, t id.Tenant, limit int) ([]string, error)
	// BindingHistory returns changes of a visitor, of one flag unless it is "", newest first.
	BindingHistory(ctx context.Context, t id.Tenant, visitor, flag, after string, limit int) (list []Change, next string, err error)
	// RecordBindings leaves the entry of a change of many in the audit log.
	RecordBindings(ctx context.Context, t id.Tenant, name string, before, after any, by audit.By) error
	// ForgetBindingMarks drops what rules did for conversations before a time.
	ForgetBindingMarks(ctx context.Context, before time.Time) (int, error)
}

// MaxTogether is how many bindings are put in one transaction: what is between two
// messages that wait for the writer.
const MaxTogether = 500

// Put is what PutBinding needs. ID is that of the history's entry.
type Put struct {
	ID      string
	Binding Binding
	Cause   Cause
	By      id.Agent
	Replace bool
	// Once, if set, is done at most once for a conversation and a rule: again is
	// Conflict "done_already". It is what makes rules repeatable. A binding that is
	// there already is left alone then unless Replace is set, which counts as done.
	Once bool
	// Audit is who is written into the audit log; the zero one is nobody.
	Audit audit.By
}

// Drop is what DropBinding needs.
type Drop struct {
	ID     string
	Tenant id.Tenant
	Flag   string
	// Visitor is a name.
	Visitor string
	// Agent, if set, must be whom it is bound to.
	Agent  id.Agent
	Cause  Cause
	By     id.Agent
	ByName string
	Once   bool
	At     time.Time
	Audit  audit.By
}

// Outcome is what became of one entry of PutBindings.
type Outcome int

// The outcomes.
const (
	OutcomeBound Outcome = iota
	OutcomeReplaced
	// OutcomeSame was bound to this agent already, OutcomeTaken to another; both are
	// left as they are.
	OutcomeSame
	OutcomeTaken
)

// Filter chooses bindings; a zero field is open.
type Filter struct {
	Flag string
	// Visitor is how names begin.
	Visitor string
	Agent   id.Agent
	// After is the cursor of the previous page, Skip the number of rows left out; one
	// of them at most.
	After string
	Skip  int
	// Limit is 1 to 200.
	Limit int
	// Now is the time at which they hold; the service fills it.
	Now time.Time
}
