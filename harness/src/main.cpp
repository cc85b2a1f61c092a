// farm-harness: the harness as a program of its own. An app on a phone (ios/) is the other thing that it can be.
#include "harness.h"

int main(int count, char** words) { return farm::run_harness({words + 1, words + count}, *farm::linked_runtimes().front(), {}); }
