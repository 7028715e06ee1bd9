// SPDX-License-Identifier: Apache-2.0
#include "node/app/ticker.h"

#include <chrono>
#include <utility>

namespace meguri::node {
namespace {

constexpr std::chrono::milliseconds kResolution{50};

}  // namespace

Ticker::Ticker(std::vector<Task> tasks, const Clock& clock)
    : clock_(clock), tasks_(std::move(tasks)), thread_([this] { Run(); }) {}

Ticker::~Ticker() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

void Ticker::Run() {
  while (true) {
    {
      MutexLock lock(mutex_);
      if (!stopping_) {
        changed_.WaitFor(mutex_, kResolution);
      }
      if (stopping_) {
        return;
      }
    }
    const absl::Time now = clock_.Now();
    for (Task& task : tasks_) {
      if (now >= task.next) {
        task.next = now + task.interval;
        task.work();
      }
    }
  }
}

}  // namespace meguri::node
