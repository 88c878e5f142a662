package wire

import "parlor/internal/conversation"

// Recall says who took a message back, and when.
type Recall = conversation.Recall
