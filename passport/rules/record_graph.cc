// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/record_graph.h"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

namespace meguri::passport {
namespace {

// Walks without recursion: a graph of others may be a chain of any length.
class Walk {
 public:
  explicit Walk(const RecordGraph& graph) : graph_(graph) {}

  // Visits everything below `start`. False if there is a circle, which circle() then is.
  bool Visit(const std::string& start) {
    if (depths_.find(start) != depths_.end()) {
      return true;
    }
    Enter(start);
    while (!path_.empty()) {
      Step& step = path_.back();
      if (step.next == ChildrenOf(step.name).size()) {
        Leave();
        continue;
      }
      const std::string& child = ChildrenOf(step.name)[step.next];
      ++step.next;
      if (open_.find(child) != open_.end()) {
        KeepCircle(child);
        return false;
      }
      const auto known = depths_.find(child);
      if (known == depths_.end()) {
        Enter(child);
      } else {
        step.depth = std::max(step.depth, known->second + 1);
      }
    }
    return true;
  }

  size_t DepthOf(const std::string& name) const { return depths_.at(name); }
  const std::vector<std::string>& circle() const { return circle_; }

 private:
  struct Step {
    std::string name;
    size_t next = 0;
    size_t depth = 1;
  };

  const std::vector<std::string>& ChildrenOf(const std::string& name) const {
    static const std::vector<std::string> none;
    const auto children = graph_.find(name);
    return children == graph_.end() ? none : children->second;
  }
  void Enter(const std::string& name) {
    open_.insert(name);
    path_.push_back({name, 0, 1});
  }
  void Leave() {
    const Step done = path_.back();
    path_.pop_back();
    open_.erase(done.name);
    depths_[done.name] = done.depth;
    if (!path_.empty()) {
      path_.back().depth = std::max(path_.back().depth, done.depth + 1);
    }
  }
  void KeepCircle(const std::string& again) {
    const auto start =
        std::find_if(path_.begin(), path_.end(), [&again](const Step& step) { return step.name == again; });
    std::for_each(start, path_.end(), [this](const Step& step) { circle_.push_back(step.name); });
    circle_.push_back(again);
  }

  const RecordGraph& graph_;
  std::vector<Step> path_;
  std::set<std::string> open_;
  std::map<std::string, size_t> depths_;
  std::vector<std::string> circle_;
};

}  // namespace

std::vector<std::string> FindCircle(const RecordGraph& graph) {
  Walk walk(graph);
  for (const auto& [name, children] : graph) {
    if (!walk.Visit(name)) {
      return walk.circle();
    }
  }
  return {};
}

std::vector<std::string> CircleThrough(const std::string& name, const RecordGraph& graph) {
  std::map<std::string, std::string> came_from;
  std::deque<std::string> queue = {name};
  while (!queue.empty()) {
    const std::string current = std::move(queue.front());
    queue.pop_front();
    const auto children = graph.find(current);
    if (children == graph.end()) {
      continue;
    }
    for (const std::string& child : children->second) {
      const bool is_new = came_from.emplace(child, current).second;
      if (child == name) {
        std::vector<std::string> circle = {name};
        for (std::string step = current; step != name; step = came_from.at(step)) {
          circle.push_back(step);
        }
        circle.push_back(name);
        std::reverse(circle.begin(), circle.end());
        return circle;
      }
      if (is_new) {
        queue.push_back(child);
      }
    }
  }
  return {};
}

size_t GraphDepth(const RecordGraph& graph) {
  Walk walk(graph);
  size_t depth = 0;
  for (const auto& [name, children] : graph) {
    if (!walk.Visit(name)) {
      return kGraphDepthMax + 1;
    }
    depth = std::max(depth, walk.DepthOf(name));
  }
  return depth;
}

}  // namespace meguri::passport
