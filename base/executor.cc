// SPDX-License-Identifier: Apache-2.0
#include "base/executor.h"

#include <utility>

namespace meguri {

Executor::Executor(size_t threads, size_t queue_max) : queue_max_(queue_max) {
  for (size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { Run(); });
  }
}

Executor::~Executor() { Stop(); }

void Executor::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  for (std::thread& thread : threads_) {
    thread.join();
  }
  threads_.clear();
}

bool Executor::Submit(Work work) {
  MutexLock lock(mutex_);
  if (stopping_ || queue_.size() >= queue_max_) {
    return false;
  }
  queue_.push_back(std::move(work));
  changed_.NotifyOne();
  return true;
}

void Executor::Run() {
  while (true) {
    Work work;
    {
      MutexLock lock(mutex_);
      while (queue_.empty() && !stopping_) {
        changed_.Wait(mutex_);
      }
      if (queue_.empty()) {
        return;
      }
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    work();
  }
}

}  // namespace meguri
