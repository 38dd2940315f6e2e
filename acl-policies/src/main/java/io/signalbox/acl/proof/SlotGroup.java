package io.signalbox.acl.proof;

import io.signalbox.acl.subject.Attribute;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Slots that are made of one text: each is this text, with something around it. */
record SlotGroup(List<Member> members) {
  /** The value of the slot is {@code before}, the text, {@code after}. */
  record Member(Attribute slot, String before, String after) {
    /** The text for which the slot has this value. */
    Optional<String> inner(String value) {
      return value.length() > before.length() + after.length()
              && value.startsWith(before)
              && value.endsWith(after)
          ? Optional.of(value.substring(before.length(), value.length() - after.length()))
          : Optional.empty();
    }
  }

  /**
   * All slots in their groups; an empty one stands for a group that contradicts itself.
   *
   * @throws TooComplex when slots are tied in a ring of different texts
   */
  static List<Optional<SlotGroup>> of(Demands demands) {
    List<Optional<SlotGroup>> groups = new ArrayList<>();
    Set<Attribute> done = new LinkedHashSet<>();
    for (Attribute slot : demands.slots.keySet()) {
      if (!done.contains(slot)) {
        Set<Attribute> connected = connected(demands, slot);
        done.addAll(connected);
        groups.add(group(demands, connected));
      }
    }
    return groups;
  }

  private static Set<Attribute> connected(Demands demands, Attribute start) {
    Set<Attribute> connected = new LinkedHashSet<>(Set.of(start));
    int before = 0;
    while (connected.size() > before) {
      before = connected.size();
      for (Demands.Tie tie : demands.ties) {
        if (connected.contains(tie.one()) || connected.contains(tie.other())) {
          connected.add(tie.one());
          connected.add(tie.other());
        }
      }
    }
    return connected;
  }

  private static Optional<SlotGroup> group(Demands demands, Set<Attribute> slots) {
    for (Attribute root : slots) {
      Map<Attribute, Member> members = new LinkedHashMap<>();
      members.put(root, new Member(root, "", ""));
      boolean grew = true;
      while (grew) {
        grew = false;
        for (Demands.Tie tie : demands.ties) {
          grew |= follow(tie, members);
        }
      }
      if (members.size() == slots.size()) {
        return demands.ties.stream().allMatch(tie -> agrees(tie, members))
            ? Optional.of(new SlotGroup(List.copyOf(members.values())))
            : Optional.empty();
      }
    }
    throw new TooComplex("variables depend on each other in a ring");
  }

  private static boolean follow(Demands.Tie tie, Map<Attribute, Member> members) {
    Member one = members.get(tie.one());
    Member other = members.get(tie.other());
    if (one != null && other == null) {
      members.put(
          tie.other(), new Member(tie.other(), tie.before() + one.before, one.after + tie.after()));
      return true;
    }
    if (other != null
        && one == null
        && other.before.startsWith(tie.before())
        && other.after.endsWith(tie.after())) {
      members.put(
          tie.one(),
          new Member(
              tie.one(),
              other.before.substring(tie.before().length()),
              other.after.substring(0, other.after.length() - tie.after().length())));
      return true;
    }
    return false;
  }

  /**
   * @throws TooComplex when both texts are of one length and yet differ: some values may do
   */
  private static boolean agrees(Demands.Tie tie, Map<Attribute, Member> members) {
    Member one = members.get(tie.one());
    Member other = members.get(tie.other());
    if (one == null || other == null) {
      return true;
    }
    String before = tie.before() + one.before;
    String after = one.after + tie.after();
    if (other.before.equals(before) && other.after.equals(after)) {
      return true;
    }
    if (before.length() + after.length() == other.before.length() + other.after.length()) {
      throw new TooComplex("variables depend on each other in a ring");
    }
    return false;
  }
}
