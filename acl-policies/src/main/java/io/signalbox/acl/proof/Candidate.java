package io.signalbox.acl.proof;

import io.signalbox.acl.subject.Attribute;
import io.signalbox.acl.subject.Subject;
import java.util.Map;

/**
 * A client that satisfies demands.
 *
 * @param slots the value of each variable that the pattern at hand uses
 */
record Candidate(Subject subject, Map<Attribute, String> slots) {}
