#pragma once

#include <string>

#include "frontrunner/v1/admin.pb.h"

namespace frontrunner {

/// Queues and what is under way as columns for people, keys escaped and cut.
/// End with a line feed.
std::string ListQueuesText(const v1::ListQueuesResponse& response);
/// The queue as in the list, and below it its jobs.
std::string QueueText(const v1::GetQueueResponse& response);
/// One sentence about the queue, as after a change.
std::string QueueSentence(const v1::Queue& queue);
/// A sentence, and below it the lookups.
std::string OutstandingText(const v1::ListOutstandingResponse& response);

}  // namespace frontrunner
