#include <stdio.h>
#include <wordexp.h>

int main(void)
{
    wordexp_t words;
    if (wordexp("$(echo ok)", &words, 0) != 0 || words.we_wordc != 1 || !words.we_wordv[0][0])
        return 1;
    puts(words.we_wordv[0]);
    return 0;
}
