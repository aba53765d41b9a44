/* Something for the vector units. */
#include <stdio.h>

int main(int count, char **arguments)
{
    (void)arguments;
    float left[64], right[64], sum = 0;
    for (int i = 0; i < 64; i++) {
        left[i] = (float)(i * count);
        right[i] = (float)count;
    }
    for (int i = 0; i < 64; i++)
        sum += left[i] * right[i] + 1;
    printf("ok %g\n", sum);
    return 0;
}
