package runner

import "context"

func (vm *VM) watchBoot(context.Context) {}
