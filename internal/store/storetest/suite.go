package storetest

import (
	"fmt"
	"strings"
	"testing"

	"parlor/internal/errs"
	"parlor/internal/store"
)

// suite lists the conformance tests; each gets an empty store.
var suite = []struct {
	name string
	run  func(t *testing.T, s *store.Store)
}{
	{"Append/Counters", testCounters},
	{"Append/EveryFieldIsKept", testMessageKept},
	{"Append/ClientID", testClientID},
	{"Append/Lines", testAppendLines},
	{"Append/RepeatRace", testRepeatRace},
	{"Append/Refusals", testRefusals},
	{"Append/Gapless", testGapless},
	{"Append/Range", testRange},
	{"Conversation/Start", testStart},
	{"Conversation/StartRace", testStartRace},
	{"Conversation/MarkRead", testMarkRead},
	{"Conversation/Bulk", testBulk},
	{"Conversation/Close", testClose},
	{"List/Views", testViews},
	{"List/OfVisitor", testListOfVisitor},
	{"List/Paging", testPaging},
	{"Search/Words", testSearch},
	{"Search/Pages", testSearchPages},
	{"Search/IndexNext", testIndexNext},
	{"Routing/Queue", testQueue},
	{"Routing/Served", testServed},
	{"Routing/Assign", testAssign},
	{"Routing/DisabledAgentGetsNothing", testDisabled},
	{"Routing/Programs", testPrograms},
	{"Routing/Managers", testManagers},
	{"Routing/Requeue", testRequeue},
	{"Routing/Decisions", testDecisions},
	{"Routing/AssignRace", testAssignRace},
	{"Routing/RepairLoads", testRepair},
	{"Presence/TwoNodes", testPresence},
	{"Presence/LostAgents", testLost},
	{"Presence/LastOfTwo", testLastOfTwo},
	{"Signed/OnePersonInEveryBrowser", testVerified},
	{"Signed/Contact", testVerifiedContact},
	{"Signed/Passes", testPasses},
	{"Signed/Keys", testIdentityKeys},
	{"Account/Tenants", testTenants},
	{"Account/Inboxes", testInboxes},
	{"Account/Agents", testAgents},
	{"Account/Roles", testRoles},
	{"Account/RemovedAgents", testRemovedAgents},
	{"Account/Members", testMembers},
	{"Account/Units", testUnits},
	{"Account/Audit", testAudit},
	{"Account/DeleteTeam", testDeleteTeam},
	{"Account/InboxSeen", testSeen},
	{"Account/Credentials", testCredentials},
	{"Account/ClientTokens", testClientTokens},
	{"Account/Secret", testSecret},
	{"Visitor/Visitors", testVisitors},
	{"Visitor/Pages", testPages},
	{"Job/Life", testJobs},
	{"Job/ClaimRace", testClaimRace},
	{"Job/Moved", testJobsMoved},
	{"Routing/Handovers", testHandovers},
	{"Visitor/Registered", testRegistered},
	{"Visitor/Find", testFindVisitors},
	{"Guest/TriggersAndMailboxes", testTriggers},
	{"Report/Facts", testFacts},
	{"Export/Turns", testExports},
	{"Export/Past", testPast},
	{"Report/Available", testAvailable},
	{"Detail/Hold", testHold},
	{"Detail/Details", testDetails},
	{"Detail/Find", testFind},
	{"Detail/Remove", testRemove},
	{"Detail/Give", testGive},
	{"Detail/Answered", testAnswered},
	{"Priority/Order", testRank},
	{"Routing/Asked", testAsked},
	{"Window/Interactions", testInteractions},
	{"Routing/Spills", testSpills},
	{"Robot/Life", testRobots},
	{"Robot/Receives", testRobotReceives},
	{"Robot/Turns", testRobotTurns},
	{"Binding/Life", testBindings},
	{"Binding/Ends", testBindingEnds},
	{"Binding/Lists", testBindingLists},
	{"Binding/Together", testBindingsTogether},
	{"Binding/Marks", testBindingMarks},
	{"Hook/Due", testHooksDue},
	{"Hook/Channels", testHookChannels},
	{"Hook/Log", testHookLog},
	{"Hook/Edited", testHooksEdited},
	{"Hook/Happenings", testHookHappenings},
	{"Routing/OpenByTeam", testOpenByTeam},
	{"Media/FilesAndColleagues", testFilesAndColleagues},
	{"Marks/Recall", testRecall},
	{"Marks/Edit", testEdit},
	{"Marks/Range", testRangeOfTexts},
	{"Marks/RecallInLongText", testRecallInLongText},
	{"Marks/Mentions", testMentions},
	{"Marks/Drafts", testDrafts},
	{"Marks/Tags", testTags},
	{"Colleague/Chats", testChats},
	{"Colleague/Groups", testGroups},
	{"Notes/Summaries", testSummaries},
	{"Notes/Fields", testFields},
	{"Contact/Kept", testContacts},
	{"Contact/Reach", testReach},
	{"Contact/Learn", testLearn},
	{"Canned/Shelves", testCanned},
	{"Canned/Seed", testCannedSeed},
	{"Knowledge/Articles", testKnowledge},
	{"Knowledge/Related", testKnowledgeRelated},
	{"Knowledge/List", testKnowledgeList},
	{"Knowledge/Race", testKnowledgeRace},
	{"Visit/Online", testOnline},
	{"Visit/Arrivals", testArrivals},
	{"Visit/Invitations", testInvitations},
	{"Visit/Surveys", testSurveys},
	{"Visit/Leave", testLeave},
	{"Alarm/Waits", testWaits},
	{"Visit/Isolation", testVisitIsolation},
	{"Call/Life", testCall},
	{"Call/Request", testCallRequest},
	{"Call/Records", testRecords},
	{"Call/Race", testCallRace},
	{"Canvas/Marks", testCanvas},
	{"Canvas/Bounds", testCanvasBounds},
	{"Canvas/Race", testCanvasRace},
	{"Canvas/Recalled", testCanvasRecalled},
	{"Canvas/Isolation", testCanvasIsolation},
	{"Tenant/Isolation", testIsolation},
	{"Backup/BrokenIsRefused", testRestoreRefused},
}

// Run checks that the stores open returns keep the contracts of all domains.
// open must return an empty store for each call.
func Run(t *testing.T, open func(t *testing.T) *store.Store) {
	for _, c := range suite {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, open(t))
		})
	}
}

// wantReason fails the test unless err has the code and reason.
func wantReason(t testing.TB, err error, code errs.Code, reason string) {
	t.Helper()
	if errs.CodeOf(err) != code || errs.ReasonOf(err) != reason {
		t.Fatalf("error = %v (%s %s), want %s %s", err, errs.CodeOf(err), errs.ReasonOf(err), code, reason)
	}
}

// spaced writes values with blanks between them.
func spaced(values ...any) string { return strings.TrimSuffix(fmt.Sprintln(values...), "\n") }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s = %v, want %v", what, got, want)
	}
}
