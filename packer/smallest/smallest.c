/* Writing the smallest image: docker archive, OCI layout, or both combined. */
#include "packer/smallest/smallest.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/interrupt.h"
#include "base/output.h"
#include "base/read.h"
#include "packer/smallest/candidate.h"
#include "packer/tar/tar.h"
